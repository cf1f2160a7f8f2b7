import type { GraphEditor, Value } from "@vlm-export/ir";
import { producerOf } from "./match.js";

/** `value` of rank 4 with its last two axes swapped; a Transpose that makes it is changed into another, or left out. */
export function lastAxesSwapped(edit: GraphEditor, value: Value): Value {
  const transpose = producerOf(value, "Transpose");
  const [source] = transpose?.inputs ?? [];
  const perm = transpose?.attrs["perm"];
  const order = source && Array.isArray(perm) ? (perm as readonly number[]) : [0, 1, 2, 3];
  const [a, b, c, d] = order as readonly [number, number, number, number];
  const swapped = [a, b, d, c];
  const from = order === perm && source ? source : value;
  if (swapped.every((axis, i) => axis === i)) return from;
  return edit.insert("Transpose", [from], { perm: swapped })[0] as Value;
}
