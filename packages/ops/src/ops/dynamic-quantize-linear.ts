import type { OpDef } from "@vlm-export/ir";
import { roundHalfEven } from "@vlm-export/numerics";
import { onnxOp } from "../define-op.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX DynamicQuantizeLinear. */
export const dynamicQuantizeLinear: OpDef = onnxOp({
  name: "DynamicQuantizeLinear",
  doc: "y_scale = (max(x, 0) − min(x, 0)) / 255, y_zero_point = −min(x, 0) / y_scale, y = x / y_scale + y_zero_point, all rounded and clamped to u8",
  since: 11,
  quant: "float",
  infer: (call) => [
    { dtype: "u8", shape: call.shape(0) },
    { dtype: "f32", shape: [] },
    { dtype: "u8", shape: [] },
  ],
  evaluate: (call) => {
    const data = call.data(0);
    const values = numbersOf(data);
    const low = values.reduce((a, b) => Math.min(a, b), 0);
    const high = values.reduce((a, b) => Math.max(a, b), 0);
    const scale = Math.fround(Math.fround(high - low) / 255);
    const clamp = (q: number): number => Math.min(Math.max(q, 0), 255);
    const zeroPoint = scale === 0 ? 0 : clamp(roundHalfEven(Math.fround((0 - low) / scale)));
    const q = values.map((x) => (scale === 0 ? 0 : clamp(roundHalfEven(Math.fround(x / scale)) + zeroPoint)));
    return [tensorOf("u8", data.shape, q), tensorOf("f32", [], [scale]), tensorOf("u8", [], [zeroPoint])];
  },
});
