import type { TensorData } from "@vlm-export/ir";
import { opIndex } from "./errors.js";
import { integersOf } from "./small-tensor.js";

/** The non-negative form of an index into `extent` elements. Throws VX-OP-INDEX. */
export function indexIn(op: string, index: number, extent: number): number {
  if (!Number.isInteger(index) || index < -extent || index >= extent) throw opIndex(op, index, extent);
  return index < 0 ? index + extent : index;
}

/** All elements of an index tensor, each checked against `extent`. Throws VX-OP-INDEX. */
export function indicesIn(op: string, data: TensorData, extent: number): readonly number[] {
  return integersOf(data).map((index) => indexIn(op, index, extent));
}
