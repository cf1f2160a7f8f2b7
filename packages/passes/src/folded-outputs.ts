import {
  byteLengthOf,
  elementCount,
  i64Tensor,
  type Node,
  type OpDef,
  type OpRegistry,
  staticShape,
  type TensorData,
  VxError,
  widenedTensor,
} from "@vlm-export/ir";

/** Folding never makes a constant larger than this, unless it is no larger than what it replaces. */
const MAX_GROWTH_BYTES = 1 << 20;
/** Reference evaluation is plain code: larger operands and longer sums are left to the engine. */
const MAX_OPERAND_BYTES = 256 << 20;
const MAX_MACS = 1e8;

/** DequantizeLinear of a constant says which integers the model keeps; Identity of a constant bears the name of an output. */
const KEPT: ReadonlySet<string> = new Set(["DequantizeLinear", "Identity"]);

/** Operators that only move the elements of their first operand. */
const MOVES: ReadonlySet<string> = new Set(["Reshape", "Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"]);

/** The results of a node where all are known, from its operands or, of shape arithmetic, from their types; else undefined. */
export function foldedOutputs(node: Node, ops: OpRegistry): readonly TensorData[] | undefined {
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

/** Undefined where a VxError says that it cannot be done, as reference evaluation does of what is left to the engine. */
export function unlessRefused<T>(evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch (error) {
    if (error instanceof VxError) return undefined;
    throw error;
  }
}

/** Bytes of the results; infinite when an extent is not known. */
export function outputBytes(node: Node): number {
  const bytes = node.outputs.map((value) => {
    const shape = value ? staticShape(value.type) : [0];
    return value ? byteLengthOf(value.type.dtype, shape ? elementCount(shape) : Number.POSITIVE_INFINITY) : 0;
  });
  return bytes.reduce((sum, each) => sum + each, 0);
}
