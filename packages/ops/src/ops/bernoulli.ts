import type { OpDef } from "@vlm-export/ir";
import { randomOp } from "../random-op.js";

/** ONNX Bernoulli. */
export const bernoulli: OpDef = randomOp({
  name: "Bernoulli",
  doc: "1 with the probability that the input gives, else 0",
  since: 15,
  shape: (call) => call.shape(0),
});
