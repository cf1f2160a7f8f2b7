import type { OpDef } from "@vlm-export/ir";
import { ownFloatOp } from "../own-op.js";

/** Stands where a value is read with another quantization than it is produced with; the identity on real numbers. */
export const quantize: OpDef = ownFloatOp({
  name: "vlm::Quantize",
  doc: "y = x, stored with the qparams of the output's type",
  since: 1,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }],
  evaluate: (call) => [call.data(0)],
});
