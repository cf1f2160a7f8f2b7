import type { OpDef } from "@vlm-export/ir";
import { randomOp } from "../random-op.js";

/** ONNX RandomUniform. */
export const randomUniform: OpDef = randomOp({
  name: "RandomUniform",
  doc: "random numbers, uniformly distributed, in a tensor of the given shape",
  since: 1,
  shape: (call) => call.numbers("shape"),
});
