import type { OpDef } from "@vlm-export/ir";
import { randomOp } from "../random-op.js";

/** ONNX RandomNormalLike. */
export const randomNormalLike: OpDef = randomOp({
  name: "RandomNormalLike",
  doc: "random numbers, normally distributed, shaped like the input",
  since: 1,
  shape: (call) => call.shape(0),
});
