import {
  elementCount,
  i64Tensor,
  type GraphEditor,
  type Node,
  type Pass,
  type TensorData,
  type TensorType,
  type Value,
} from "@vlm-export/ir";

/** Folding never makes a constant larger than this, unless it is no larger than what it replaces. */
const MAX_GROWTH_BYTES = 1 << 20;
/** Reference evaluation is plain code: larger operands are left to the engine. */
const MAX_OPERAND_BYTES = 256 << 20;

/** Evaluates nodes whose inputs are all constants, and shape arithmetic whose elements are all known, into constants. */
export const foldConstants: Pass = {
  name: "normalize/fold-constants",

  run(edit, { ops, signal }) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      signal?.throwIfAborted();
      const folded = fromElements(node) ?? evaluated(node, ops.get(node.op)?.evaluate);
      if (!folded) continue;
      replaceOutputs(edit, node, folded);
      modified = true;
    }
    return { modified };
  },
};

/** The output as a constant when shape inference knows every element. */
function fromElements(node: Node): readonly TensorData[] | undefined {
  const [output, ...others] = node.outputs;
  const { elements, type } = output ?? {};
  if (!elements || type?.dtype !== "i64" || others.some(Boolean) || !elements.every((element) => typeof element === "number"))
    return undefined;
  const shape = type.shape?.every((extent) => typeof extent === "number") ? (type.shape as readonly number[]) : undefined;
  return shape && elementCount(shape) === elements.length ? [i64Tensor(elements as readonly number[], shape)] : undefined;
}

function evaluated(
  node: Node,
  evaluate: ((inputs: readonly (TensorData | null)[], attrs: Node["attrs"], outputCount: number) => readonly TensorData[]) | undefined,
): readonly TensorData[] | undefined {
  if (!evaluate || node.inputs.length === 0) return undefined;
  if (!node.inputs.every((value) => value === null || (value.data && !value.type.quant))) return undefined;
  const operands = node.inputs.map((value) => value?.data ?? null);
  const operandBytes = operands.reduce((sum, data) => sum + (data?.byteLength ?? 0), 0);
  if (operandBytes > MAX_OPERAND_BYTES || outputBytes(node) > Math.max(MAX_GROWTH_BYTES, operandBytes)) return undefined;
  return evaluate(operands, node.attrs, node.outputs.length);
}

function outputBytes(node: Node): number {
  return node.outputs.reduce((sum, value) => sum + (value ? 4 * elementCount(extents(value.type)) : 0), 0);
}

function extents(type: TensorType): readonly number[] {
  return type.shape?.every((extent) => typeof extent === "number") ? (type.shape as readonly number[]) : [Number.POSITIVE_INFINITY];
}

function replaceOutputs(edit: GraphEditor, node: Node, folded: readonly TensorData[]): void {
  node.outputs.forEach((value: Value | null, i) => {
    const data = folded[i];
    if (value && data) edit.replaceAllUses(value, edit.addConstant(edit.freshName(`${value.name}_folded`), data));
  });
}
