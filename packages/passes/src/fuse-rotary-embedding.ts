import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { bothOrders, otherInput, producerOf, rankOf } from "./match.js";
import { cacheOf, repeatsPairs } from "./rotary-angles.js";
import { type Pairing, turnedOf } from "./rotary-turn.js";
import { standIn } from "./stand-in.js";

/**
 * x · cos + turned(x) · sin → RotaryEmbedding, for x [batch, heads, sequence, n] and cosines and sines whose pairs are the same twice:
 * turned(x) is (−x₂, x₁) of the halves (LLaMA, Qwen), or of each pair of neighbours (GPT-J) (arXiv 2104.09864). Not one of the normalize
 * passes, since the operator needs opset 23; legalize/expand-rotary-embedding undoes it.
 */
export const fuseRotaryEmbedding: Pass = {
  name: "rewrite/fuse-rotary-embedding",

  run(edit) {
    const caches: Caches = new Map();
    let modified = false;
    for (const node of edit.graph.nodes) {
      const match = node.op === "Add" ? matchRotary(node) : undefined;
      if (match) modified = fuse(edit, node, { ...match, caches }) || modified;
    }
    return { modified };
  },
};

interface RotaryMatch {
  readonly x: Value;
  readonly cos: Value;
  readonly sin: Value;
  readonly pairing: Pairing;
}

function matchRotary(add: Node): RotaryMatch | undefined {
  for (const [straight, crossed] of bothOrders(add)) {
    for (const [turned, sin] of factorsOf(crossed)) {
      const { x, pairing } = turnedOf(turned) ?? {};
      const product = producerOf(straight, "Mul");
      const cos = product && x ? otherInput(product, x) : undefined;
      if (x && pairing && cos && repeatsPairs(cos, pairing) && repeatsPairs(sin, pairing)) return { x, cos, sin, pairing };
    }
  }
  return undefined;
}

function factorsOf(value: Value): readonly (readonly [Value, Value])[] {
  const product = producerOf(value, "Mul");
  return product ? bothOrders(product) : [];
}

/** Caches by angles, pairing and batch: queries and keys of all layers share them. */
type Caches = Map<string, Value | undefined>;

/** False for double precision, which the operator does not take, and for angles that are no table of it. */
function fuse(edit: GraphEditor, add: Node, { x, cos, sin, pairing, caches }: RotaryMatch & { readonly caches: Caches }): boolean {
  if (x.type.dtype === "f64") return false;
  const write = standIn(edit, add);
  const [cosines, sines] = [cos, sin].map((angles) => {
    const key = JSON.stringify([angles.name, pairing, x.type.shape?.[0]]);
    if (!caches.has(key)) caches.set(key, cacheOf(write, angles, x, pairing));
    return caches.get(key);
  });
  if (!cosines || !sines || rankOf(add.outputs[0] as Value) !== 4) return false;
  write.replace(add.outputs[0], write.op("RotaryEmbedding", [x, cosines, sines], { interleaved: pairing === "interleaved" ? 1 : 0 }));
  return true;
}
