import type { OpDef } from "@vlm-export/ir";
import { dtypeOfCode } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";
import { checkScale, scaleIndexer } from "../quant-groups.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX DequantizeLinear; only in source models, the IR keeps quantization in the types. */
export const dequantizeLinear: OpDef = onnxOp({
  name: "DequantizeLinear",
  doc: "y = (x − x_zero_point) · x_scale",
  since: 13,
  quant: "float",
  infer: (call) => {
    checkScale(call, call.shape(0), call.shape(1));
    const code = call.int("output_dtype");
    return [{ dtype: code === 0 ? call.dtype(1) : dtypeOfCode("DequantizeLinear", "output_dtype", code), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const [x, scale, zeroPoint] = [call.data(0), call.data(1), call.optional(2)];
    const { dtype, shape } = call.output();
    const [scales, zeros] = [numbersOf(scale), zeroPoint && numbersOf(zeroPoint)];
    const group = scaleIndexer(call, shape, scale.shape);
    const y = numbersOf(x).map((q, i) => (q - (zeros?.[group(i)] ?? 0)) * (scales[group(i)] as number));
    return [tensorOf(dtype, shape, y)];
  },
});
