import type { Attrs, GraphEditor, Node, Pass } from "@vlm-export/ir";
import { expandAll, standIn } from "@vlm-export/passes";

/** Operators whose windows slide over one axis here; the first input has rank 3. */
const SLIDING = ["AveragePool", "Conv", "MaxPool"] as const;

/** What a height of 1 adds in front of the numbers of one axis. */
const IN_FRONT: ReadonlyMap<string, number> = new Map([
  ["dilations", 1],
  ["kernel_shape", 1],
  ["pads", 0],
  ["strides", 1],
]);

/** Windows over one axis → windows over a height of 1 and that axis. Weights are viewed in the graph, so that they stay as they are. */
export const widenWindows: Pass = {
  name: "tflite/widen-windows",
  run: (edit) => ({ modified: SLIDING.map((op) => expandAll(edit, op, widen).modified).some((modified) => modified) }),
};

function widen(edit: GraphEditor, node: Node): boolean {
  const [x, weight, ...rest] = node.inputs;
  if (x?.type.shape?.length !== 3 || node.outputs.length !== 1) return false;
  const write = standIn(edit, node);
  const axis = write.ints(2);
  const operands = [x, weight].flatMap((value) => (value ? [write.op("Unsqueeze", [value, axis])] : []));
  const y = write.op(node.op, [...operands, ...rest], attributesOf(node));
  write.replace(node.outputs[0], write.op("Squeeze", [y, axis]));
  return true;
}

/** Lists by axis get a number for the height: in front, and before the second half of pads. */
function attributesOf({ attrs }: Node): Attrs {
  return Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => {
      const added = IN_FRONT.get(name);
      if (added === undefined || !Array.isArray(value)) return [name, value];
      return [name, value.flatMap((number) => [added, number as number])];
    }),
  );
}
