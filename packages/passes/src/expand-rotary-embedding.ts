import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { joinHeads, splitHeads } from "./heads.js";
import { rankOf } from "./match.js";
import { expandAll, type StandIn, standIn } from "./stand-in.js";

/** RotaryEmbedding → products with cosines and sines, in operators of opset 13. Nodes with a head size that is not known stay. */
export const expandRotaryEmbedding: Pass = {
  name: "legalize/expand-rotary-embedding",
  run: (edit) => expandAll(edit, "RotaryEmbedding", expand),
};

function expand(edit: GraphEditor, node: Node): boolean {
  const [input, cosines, sines, positions] = node.inputs;
  const sizes = input && sizesOf(node, input);
  if (!input || !cosines || !sines || !sizes) return false;
  const { heads, headSize, rotated } = sizes;
  const write = standIn(edit, node);
  const x = heads ? splitHeads(write, input, heads) : input;
  const [turning = x, rest] = rotated < headSize ? write.split(x, [rotated, headSize - rotated]) : [];
  const [cos, sin] = [cosines, sines].map((cache) => perHead(write, cache, positions)) as [Value, Value];
  const turned = rotate(write, turning, { cos, sin, half: rotated / 2, interleaved: Boolean(node.attrs["interleaved"]) });
  const y = rest ? write.op("Concat", [turned, rest], { axis: -1 }) : turned;
  write.replace(node.outputs[0], heads ? joinHeads(write, y) : y);
  return true;
}

interface Sizes {
  /** Of an input [batch, sequence, heads · size]; undefined for [batch, heads, sequence, size]. */
  readonly heads: number | undefined;
  readonly headSize: number;
  /** How many elements of a head are rotated. */
  readonly rotated: number;
}

function sizesOf({ attrs }: Node, input: Value): Sizes | undefined {
  const last = input.type.shape?.at(-1);
  if (typeof last !== "number") return undefined;
  const heads = rankOf(input) === 3 ? Number(attrs["num_heads"]) : undefined;
  const headSize = last / (heads ?? 1);
  return { heads, headSize, rotated: Number(attrs["rotary_embedding_dim"] ?? 0) || headSize };
}

/** Cosines or sines as [batch, 1, sequence, half]. */
function perHead(write: StandIn, cache: Value, positions: Value | null | undefined): Value {
  return write.op("Unsqueeze", [positions ? write.op("Gather", [cache, positions], { axis: 0 }) : cache, write.ints(1)]);
}

interface Rotation {
  readonly cos: Value;
  readonly sin: Value;
  readonly half: number;
  readonly interleaved: boolean;
}

/** (a, b) → (cos·a − sin·b, sin·a + cos·b), a and b the halves, or the elements of even and odd index. */
function rotate(write: StandIn, x: Value, { cos, sin, half, interleaved }: Rotation): Value {
  const every = (start: number): Value => write.op("Slice", [x, write.ints(start), write.ints(2 * half), write.ints(-1), write.ints(2)]);
  const [a, b] = (interleaved ? [every(0), every(1)] : write.split(x, [half, half])) as [Value, Value];
  const first = write.op("Sub", [write.op("Mul", [a, cos]), write.op("Mul", [b, sin])]);
  const second = write.op("Add", [write.op("Mul", [a, sin]), write.op("Mul", [b, cos])]);
  if (!interleaved) return write.op("Concat", [first, second], { axis: -1 });
  const pairs = [first, second].map((part) => write.op("Unsqueeze", [part, write.ints(-1)]));
  return write.op("Reshape", [write.op("Concat", pairs, { axis: -1 }), write.ints(0, 0, 0, 2 * half)]);
}
