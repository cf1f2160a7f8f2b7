import type { OpDef } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { convolve } from "../conv-core.js";
import { checkConvOperands, convMacs, convShape } from "../conv-operands.js";
import { windowsOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { productOf } from "../shape-math.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX Conv. */
export const conv: OpDef = onnxOp({
  name: "Conv",
  doc: "Y[n, m, p] = B[m] + Σ X[n, c, p · stride − pad + k · dilation] · W[m, c, k], channels in groups",
  since: 1,
  quant: "compute",
  quantizable: ["activation", "weight", "bias"],
  infer: (call) => {
    checkConvOperands(call, [call.shape(0), call.shape(1), call.shape(2)]);
    return [{ dtype: commonDtype(call), shape: convShape(call, call.shape(0), call.shape(1)) }];
  },
  evaluate: (call) => {
    const [x, w] = [call.data(0), call.data(1)];
    const { dtype, shape } = call.output();
    const operands = { x: numbersOf(x), w: numbersOf(w), xShape: x.shape, wShape: w.shape, outShape: shape };
    const sums = convolve({ ...operands, windows: windowsOf(call, w.shape.slice(2)), group: call.int("group") });
    const b = call.optional(2);
    const bias = b && numbersOf(b);
    const plane = productOf(shape.slice(2)) as number;
    return [tensorOf(dtype, shape, bias ? sums.map((sum, i) => sum + (bias[Math.floor(i / plane) % bias.length] as number)) : sums)];
  },
  macs: (call) => convMacs(call, call.shape(0), call.shape(1)),
  weightAxes: (index) => (index === 1 ? { channel: 0, reduce: 1 } : undefined),
});
