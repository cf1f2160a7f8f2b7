import type { Attrs, GraphEditor, Node, Pass, TensorData, Value } from "@vlm-export/ir";
import { reshaped } from "@vlm-export/ops";
import { plainData, trailingShape } from "./match.js";
import { standIn } from "./stand-in.js";

/**
 * Conv over depth, height and width whose kernel is as deep as its input → Conv over height and width with the depth among its channels
 * (Qwen2-VL embeds patches of two frames so). Stay: groups, padding in depth, weights that are computed.
 */
export const flattenDepth: Pass = {
  name: "normalize/flatten-depth",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const deep = matchDeep(node);
      if (!deep) continue;
      flatten(edit, deep);
      modified = true;
    }
    return { modified };
  },
};

interface Deep {
  readonly node: Node;
  readonly x: Value;
  readonly weight: Value;
  readonly data: TensorData;
  readonly bias: Value | null;
  /** Channels, depth, height and width of the input. */
  readonly extents: readonly [number, number, number, number];
}

function matchDeep(node: Node): Deep | undefined {
  const [x, weight, bias = null] = node.inputs;
  const data = plainData(weight);
  if (node.op !== "Conv" || !x || !weight || data?.shape.length !== 5 || !isPlain(node)) return undefined;
  const extents = trailingShape(x, 1);
  if (extents?.[1] !== data.shape[2]) return undefined;
  return { node, x, weight, data, bias, extents: extents as Deep["extents"] };
}

/** One group, and a window that lies on whole frames. */
function isPlain(node: Node): boolean {
  const isPadded = (node.attrs["auto_pad"] ?? "NOTSET") !== "NOTSET" || [0, 3].some((at) => numberAt(node, "pads", at, 0) !== 0);
  return !isPadded && (node.attrs["group"] ?? 1) === 1 && numberAt(node, "dilations", 0, 1) === 1;
}

function numberAt({ attrs }: Node, name: string, at: number, fallback: number): number {
  const list = attrs[name];
  return Array.isArray(list) ? Number(list[at] ?? fallback) : fallback;
}

function flatten(edit: GraphEditor, { node, x, weight, data, bias, extents: [channels, depth, height, width] }: Deep): void {
  const write = standIn(edit, node);
  const [outputs = 0, , , ...kernel] = data.shape;
  const flat = edit.addConstant(edit.freshName(`${weight.name}_flat`), reshaped(data, [outputs, channels * depth, ...kernel]));
  const image = write.op("Reshape", [x, write.ints(0, channels * depth, height, width)]);
  const y = write.op("Conv", [image, flat, bias], attributesOf(node));
  write.replace(node.outputs[0], write.op("Unsqueeze", [y, write.ints(2)]));
  edit.erase(node);
}

/** Lists by axis lose the number of the depth: the first, and of pads the first of both halves. */
function attributesOf({ attrs }: Node): Attrs {
  return Object.fromEntries(
    Object.entries(attrs).map(([name, value]) => [name, Array.isArray(value) ? value.filter((_, at) => at % 3 !== 0) : value]),
  );
}
