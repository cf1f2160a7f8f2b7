import type { DType, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { roundHalfEven } from "@vlm-export/numerics";
import { castTensor, dtypeOfCode } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";
import type { InferCall } from "../op-call.js";
import { checkScale, clampTo, scaleIndexer } from "../quant-groups.js";
import { isIntegerType, numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX QuantizeLinear; only in source models, the IR keeps quantization in the types. */
export const quantizeLinear: OpDef = onnxOp({
  name: "QuantizeLinear",
  doc: "y = clamp(roundHalfEven(x / y_scale) + y_zero_point)",
  since: 13,
  quant: "float",
  infer: (call) => {
    checkScale(call, call.shape(0), call.shape(1));
    return [{ dtype: storageOf(call), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const [x, scale, zeroPoint] = [call.data(0), call.data(1), call.optional(2)];
    const { dtype, shape } = call.output();
    const [scales, zeros] = [numbersOf(scale), zeroPoint && numbersOf(zeroPoint)];
    const group = scaleIndexer(call, shape, scale.shape);
    const clamp = clampTo(dtype);
    const round = isIntegerType(dtype) ? roundHalfEven : (q: number): number => q;
    const quotients = numbersOf(x).map((value, i) => value / (scales[group(i)] as number));
    const rounded = numbersOf(tensorOf(scale.dtype === "f64" ? "f64" : "f32", [elementCount(shape)], quotients));
    const q = rounded.map((value, i) => clamp(round(value) + (zeros?.[group(i)] ?? 0)));
    return [castTensor("QuantizeLinear", tensorOf("f32", shape, q), dtype, call.int("saturate") !== 0)];
  },
});

function storageOf(call: InferCall): DType {
  if (call.given(2)) return call.dtype(2);
  return call.int("output_dtype") === 0 ? "u8" : dtypeOfCode("QuantizeLinear", "output_dtype", call.int("output_dtype"));
}
