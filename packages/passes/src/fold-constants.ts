import {
  byteLengthOf,
  elementCount,
  type GraphEditor,
  i64Tensor,
  isRead,
  type Node,
  type OpDef,
  type OpRegistry,
  outputsOf,
  type Pass,
  staticShape,
  type TensorData,
  type Value,
  VxError,
  widenedTensor,
} from "@vlm-export/ir";
import { widenCasts } from "./widen-casts.js";

/** Folding never makes a constant larger than this, unless it is no larger than what it replaces. */
const MAX_GROWTH_BYTES = 1 << 20;
/** Reference evaluation is plain code: larger operands and longer sums are left to the engine. */
const MAX_OPERAND_BYTES = 256 << 20;
const MAX_MACS = 1e8;
/** Results are kept in memory, whereas most of what they replace lies in a file: what exceeds this for one graph stays an operator. */
const MAX_TOTAL_BYTES = 512 << 20;

/** DequantizeLinear of a constant says which integers the model keeps; Identity of a constant bears the name of an output. */
const KEPT: ReadonlySet<string> = new Set(["DequantizeLinear", "Identity"]);

/** Operators that only move the elements of their first operand. */
const MOVES: ReadonlySet<string> = new Set(["Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"]);

/**
 * Evaluates nodes whose inputs are all constants, and shape arithmetic whose elements are all known, into constants. Casts of
 * 16-bit floats to f32 are not evaluated but widened as they are read, see `widenCasts`.
 */
export const foldConstants: Pass = {
  name: "normalize/fold-constants",

  run(edit, { ops, signal }) {
    let [modified, left] = [false, MAX_TOTAL_BYTES];
    const made = new Set<Value>();
    for (const node of edit.graph.nodes) {
      signal?.throwIfAborted();
      if (!edit.isLive(node)) continue;
      const isWidened = node.op === "Cast" && node.inputs[0] && widenCasts(edit, node.inputs[0]);
      const folded = isWidened || outputBytes(node) > left ? undefined : foldedOutputs(node, ops);
      modified ||= isWidened === true || folded !== undefined;
      if (!folded) continue;
      left -= replaceOutputs(edit, node, folded, made) - release(edit, node, made);
    }
    return { modified };
  },
};

function foldedOutputs(node: Node, ops: OpRegistry): readonly TensorData[] | undefined {
  return KEPT.has(node.op) ? undefined : (knownElements(node) ?? evaluated(node, ops.get(node.op)));
}

/** The output as a constant when shape inference knows every element. */
function knownElements(node: Node): readonly TensorData[] | undefined {
  const [output, ...others] = node.outputs;
  const elements = output?.elements?.filter((element) => typeof element === "number");
  if (!output?.elements || elements?.length !== output.elements.length || output.type.dtype !== "i64" || others.some(Boolean))
    return undefined;
  const shape = staticShape(output.type);
  return shape && elementCount(shape) === elements.length ? [i64Tensor(elements, shape)] : undefined;
}

function evaluated(node: Node, def: OpDef | undefined): readonly TensorData[] | undefined {
  if (!def?.evaluate || node.inputs.length === 0) return undefined;
  if (!node.inputs.every((value) => value === null || (value.data && !value.type.quant))) return undefined;
  const operands = node.inputs.map((value) => value?.data ?? null);
  const operandBytes = operands.reduce((sum, data) => sum + (data?.byteLength ?? 0), 0);
  if (operandBytes > MAX_OPERAND_BYTES || outputBytes(node) > Math.max(MAX_GROWTH_BYTES, operandBytes)) return undefined;
  const types = node.inputs.map((value) => value?.type ?? null);
  if ((def.macs?.(types, node.attrs) ?? 0) > MAX_MACS) return undefined;
  return evaluatedNarrow(node, def, operands) ?? unlessRefused(() => def.evaluate?.(operands, node.attrs, node.outputs.length));
}

/** Elements of a widened constant that only move are moved as they are stored. */
function evaluatedNarrow(node: Node, def: OpDef, [first, ...rest]: readonly (TensorData | null)[]): readonly TensorData[] | undefined {
  const narrow = MOVES.has(node.op) ? first?.narrow : undefined;
  return narrow && unlessRefused(() => def.evaluate?.([narrow, ...rest], node.attrs, node.outputs.length))?.map(widenedTensor);
}

/** Undefined where the reference evaluation does not do the node: then the engine does. */
function unlessRefused<T>(evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof VxError) return undefined;
    throw error;
  }
}

/** Infinite when an extent is not known. */
function outputBytes(node: Node): number {
  const bytes = node.outputs.map((value) => {
    const shape = value ? staticShape(value.type) : [0];
    return value ? byteLengthOf(value.type.dtype, shape ? elementCount(shape) : Number.POSITIVE_INFINITY) : 0;
  });
  return bytes.reduce((sum, each) => sum + each, 0);
}

/** Puts constants, which it adds to `made`, in place of the results; returns their bytes. */
function replaceOutputs(edit: GraphEditor, node: Node, folded: readonly TensorData[], made: Set<Value>): number {
  let bytes = 0;
  for (const [i, value] of node.outputs.entries()) {
    const data = folded[i];
    if (!value || !data) continue;
    const constant = edit.addConstant(edit.freshName(`${value.name}_folded`), data);
    edit.replaceAllUses(value, constant);
    made.add(constant);
    bytes += data.byteLength;
  }
  return bytes;
}

/**
 * Erases a folded node and the constants that only it read, so that of a chain of large constants one at a time is held. Returns
 * the bytes of those in `made`.
 */
function release(edit: GraphEditor, node: Node, made: ReadonlySet<Value>): number {
  const { graph } = edit;
  if (outputsOf(node).some((value) => isRead(graph, value))) return 0;
  edit.erase(node);
  const unread = new Set(node.inputs.filter((value): value is Value => value?.data !== undefined && !isRead(graph, value)));
  for (const constant of unread) edit.eraseConstant(constant);
  return [...unread].reduce((sum, constant) => sum + (made.has(constant) ? (constant.data?.byteLength ?? 0) : 0), 0);
}
