import type { Dim } from "@vlm-export/ir";
import { broadcastShapes } from "./broadcast.js";
import { checkMinRank, sameDim } from "./extents.js";
import type { InferCall, Shape } from "./op-call.js";
import { numberOf, productOf } from "./shape-math.js";

/** Shape of a · b as numpy.matmul defines it: vectors are a row and a column, leading extents broadcast. */
export function matMulShape(call: InferCall, a: Shape, b: Shape): Shape {
  checkMinRank(call.op, "A", a, 1);
  checkMinRank(call.op, "B", b, 1);
  if (!a || !b) return undefined;
  const row = a.length === 1 ? [1, ...a] : a;
  const column = b.length === 1 ? [...b, 1] : b;
  sameDim(call.op, row.at(-1) as Dim, column.at(-2) as Dim, ["the extent of B that is summed over", "that of A"]);
  const batch = broadcastShapes(call, [row.slice(0, -2), column.slice(0, -2)]) ?? [];
  return [...batch, ...(a.length === 1 ? [] : [row.at(-2) as Dim]), ...(b.length === 1 ? [] : [column.at(-1) as Dim])];
}

/** Multiply-accumulates of {@link matMulShape}: output elements times the extent that is summed over. */
export function matMulMacs(call: InferCall, a: Shape, b: Shape): number | undefined {
  const out = matMulShape(call, a, b);
  const inner = a?.at(-1);
  return out && inner !== undefined ? numberOf(productOf([...out, inner])) : undefined;
}
