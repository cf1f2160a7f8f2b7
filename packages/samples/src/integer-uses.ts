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

/** Operands that state extents, places or counts. */
const SIZES: ReadonlyMap<string, readonly number[]> = new Map([
  ["ConstantOfShape", [0]],
  ["Expand", [1]],
  ["OneHot", [1]],
  ["Pad", [1]],
  ["Range", [0, 1, 2]],
  ["Reshape", [1]],
  ["Resize", [3]],
  ["Slice", [1, 2, 3, 4]],
  ["Split", [1]],
  ["Tile", [1]],
  ["TopK", [1]],
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
