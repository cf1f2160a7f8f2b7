import type { Value } from "@vlm-export/ir";
import type { StandIn } from "./stand-in.js";

/** [batch, sequence, heads · size] → [batch, heads, sequence, size]. */
export function splitHeads(write: StandIn, x: Value, heads: number): Value {
  return write.op("Transpose", [write.op("Reshape", [x, write.ints(0, 0, heads, -1)])], { perm: [0, 2, 1, 3] });
}

/** [batch, heads, sequence, size] → [batch, sequence, heads · size]. */
export function joinHeads(write: StandIn, x: Value): Value {
  return write.op("Reshape", [write.op("Transpose", [x], { perm: [0, 2, 1, 3] }), write.ints(0, 0, -1)]);
}
