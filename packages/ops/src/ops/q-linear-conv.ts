import type { OpDef } from "@vlm-export/ir";
import { roundHalfEven } from "@vlm-export/numerics";
import { convolve } from "../conv-core.js";
import { checkConvOperands, convMacs, convShape } from "../conv-operands.js";
import { windowsOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { clampTo } from "../quant-groups.js";
import { centered } from "../quantized-operand.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX QLinearConv; only in source models. */
export const qLinearConv: OpDef = onnxOp({
  name: "QLinearConv",
  doc: "y = clamp(roundHalfEven((convolution of x − x_zero_point with w − w_zero_point, plus B) · x_scale · w_scale / y_scale) + y_zero_point)",
  since: 10,
  quant: "float",
  infer: (call) => {
    checkConvOperands(call, [call.shape(0), call.shape(3), call.shape(8)]);
    return [{ dtype: call.dtype(7), shape: convShape(call, call.shape(0), call.shape(3)) }];
  },
  evaluate: (call) => {
    const [x, w] = [call.data(0), call.data(3)];
    const { dtype, shape } = call.output();
    const operands = { x: centered(x, call.data(2), 1), w: centered(w, call.data(5), 0), xShape: x.shape, wShape: w.shape };
    const sums = convolve({ ...operands, outShape: shape, windows: windowsOf(call, w.shape.slice(2)), group: call.int("group") });
    const [sx, sw, sy, zero] = [1, 4, 6, 7].map((i) => numbersOf(call.data(i))) as [Float64Array, Float64Array, Float64Array, Float64Array];
    const b = call.optional(8);
    const bias = b && numbersOf(b);
    const plane = shape.slice(2).reduce((p, extent) => p * extent, 1);
    const clamp = clampTo(dtype);
    const q = sums.map((sum, i) => {
      const channel = Math.floor(i / plane) % (shape[1] as number);
      const scale = ((sx[0] as number) * (sw[sw.length === 1 ? 0 : channel] as number)) / (sy[0] as number);
      return clamp(roundHalfEven((sum + (bias?.[channel] ?? 0)) * scale) + (zero[0] as number));
    });
    return [tensorOf(dtype, shape, q)];
  },
  macs: (call) => convMacs(call, call.shape(0), call.shape(3)),
});
