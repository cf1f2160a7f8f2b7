import type { Dim, OpDef } from "@vlm-export/ir";
import { compareOp } from "../binary.js";

/** ONNX Equal. */
export const equal: OpDef = compareOp({
  name: "Equal",
  doc: "z = x is equal to y",
  since: 7,
  holds: (x, y) => x === y,
  dims: sameExtent,
});

/** 1 or 0 when that is certain: an extent is never negative. */
function sameExtent(x: Dim, y: Dim): Dim | undefined {
  if (x === y) return 1;
  if (typeof x === "number" && typeof y === "number") return 0;
  return (typeof x === "number" && x < 0) || (typeof y === "number" && y < 0) ? 0 : undefined;
}
