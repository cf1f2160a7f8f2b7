import type { OpDef } from "@vlm-export/ir";
import { randomOp } from "../random-op.js";

/** ONNX RandomNormal. */
export const randomNormal: OpDef = randomOp({
  name: "RandomNormal",
  doc: "random numbers, normally distributed, in a tensor of the given shape",
  since: 1,
  shape: (call) => call.numbers("shape"),
});
