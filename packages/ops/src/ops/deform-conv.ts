import type { OpDef } from "@vlm-export/ir";
import { checkConvOperands, convShape } from "../conv-operands.js";
import { onnxOp } from "../define-op.js";

/** ONNX DeformConv. */
export const deformConv: OpDef = onnxOp({
  name: "DeformConv",
  doc: "convolution whose taps are moved by `offset` and weighted by `mask`",
  since: 19,
  quant: "compute",
  quantizable: ["activation", "weight", undefined, "bias"],
  infer: (call) => {
    checkConvOperands(call, [call.shape(0), call.shape(1), call.shape(3)]);
    return [{ dtype: call.dtype(0), shape: convShape(call, call.shape(0), call.shape(1)) }];
  },
  weightAxes: (index) => (index === 1 ? { channel: 0, reduce: 1 } : undefined),
});
