import type { Dim } from "@vlm-export/ir";
import { checkRank, sameDim } from "./extents.js";
import type { InferCall } from "./op-call.js";

/** Throws VX-OP-* unless each named input is a vector with one element for each channel (axis 1) of input 0. */
export function checkChannelVectors(call: InferCall, vectors: readonly (readonly [index: number, name: string])[]): void {
  const channels = call.shape(0)?.[1];
  for (const [index, name] of vectors) {
    const shape = call.shape(index);
    checkRank(call.op, name, shape, 1);
    if (shape && channels !== undefined)
      sameDim(call.op, channels, shape[0] as Dim, [`the extent of ${name}`, "the channels of the input"]);
  }
}
