import type { OpDef } from "@vlm-export/ir";
import { randomOp } from "../random-op.js";

/** ONNX RandomUniformLike. */
export const randomUniformLike: OpDef = randomOp({
  name: "RandomUniformLike",
  doc: "random numbers, uniformly distributed, shaped like the input",
  since: 1,
  shape: (call) => call.shape(0),
});
