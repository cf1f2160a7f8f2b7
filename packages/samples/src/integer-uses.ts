import type { Graph, Node, Value } from "@vlm-export/ir";

/** What a graph does with the numbers of an integer input. */
export interface IntegerUses {
  /** Rows of the smallest table that they index; undefined when they index none of known size. */
  readonly rows: number | undefined;
  /** They state extents, places or counts. */
  readonly areSizes: boolean;
}

/** Ops whose output holds elements of operand 0 unchanged. */
const VIEWS: ReadonlySet<string> = new Set([
  "Cast",
  "Concat",
  "Expand",
  "Flatten",
  "Identity",
  "Reshape",
  "Slice",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/** Operands that state extents, axes, places or counts. */
const SIZES: ReadonlyMap<string, readonly number[]> = new Map([
  ["AffineGrid", [1]],
  ["BlackmanWindow", [0]],
  ["CenterCropPad", [1]],
  ["Col2Im", [1, 2]],
  ["ConstantOfShape", [0]],
  ["CumSum", [1]],
  ["DFT", [1, 2]],
  ["Expand", [1]],
  ["HammingWindow", [0]],
  ["HannWindow", [0]],
  ["MaxUnpool", [1, 2]],
  ["MelWeightMatrix", [0, 1, 2]],
  ["NonMaxSuppression", [2]],
  ["OneHot", [1]],
  ["Pad", [1, 3]],
  ["Range", [0, 1, 2]],
  ["ReduceL1", [1]],
  ["ReduceL2", [1]],
  ["ReduceLogSum", [1]],
  ["ReduceLogSumExp", [1]],
  ["ReduceMax", [1]],
  ["ReduceMean", [1]],
  ["ReduceMin", [1]],
  ["ReduceProd", [1]],
  ["ReduceSum", [1]],
  ["ReduceSumSquare", [1]],
  ["Reshape", [1]],
  ["Resize", [3]],
  ["Slice", [1, 2, 3, 4]],
  ["Split", [1]],
  ["Squeeze", [1]],
  ["STFT", [1, 3]],
  ["Tile", [1]],
  ["TopK", [1]],
  ["Trilu", [1]],
  ["Unsqueeze", [1]],
]);

/** Follows the input through views to what reads its numbers. */
export function integerUses(graph: Graph, input: Value): IntegerUses {
  const seen = new Set<Value>([input]);
  let rows: number | undefined;
  let areSizes = false;
  for (const value of seen)
    for (const node of graph.users(value))
      node.inputs.forEach((operand, index) => {
        if (operand !== value) return;
        const table = rowsIndexed(node, index);
        if (table !== undefined) rows = Math.min(rows ?? table, table);
        if (SIZES.get(node.op)?.includes(index)) areSizes = true;
        if (VIEWS.has(node.op) && (index === 0 || node.op === "Concat")) for (const output of node.outputs) if (output) seen.add(output);
      });
  return { rows, areSizes };
}

/** Extent of the axis that operand 1 of a gathering node indexes. */
function rowsIndexed({ op, inputs, attrs }: Node, index: number): number | undefined {
  if (index !== 1 || (op !== "Gather" && op !== "GatherElements")) return undefined;
  const extent = inputs[0]?.type.shape?.at(Number(attrs["axis"] ?? 0));
  return typeof extent === "number" ? extent : undefined;
}
