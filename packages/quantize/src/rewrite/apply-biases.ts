import { type Diagnostic, f32Tensor, memoryTensor, type Value } from "@vlm-export/ir";
import { bf16ToNumber, f16ToNumber, floatsFromBytes, roundHalfEven } from "@vlm-export/numerics";
import type { BiasPlan } from "@vlm-export/recipe";
import { nodeTwin, placeConstant, type RewriteSite } from "./rewrite-site.js";

const INT32_MAX = 2 ** 31 - 1;

/**
 * An int32 bias: q = roundHalfEven(b / (s_x · s_w)) per output channel, no zero point. A bias that int32 cannot hold at that scale
 * stays float, with a warning.
 */
export function applyBias(site: RewriteSite, plan: BiasPlan): void {
  const weight = site.weights.get(plan.weight);
  const input = nodeTwin(site, plan.compute).inputs[plan.inputIndex];
  const inputScale = scalesOf(input)?.[0];
  const weightScales = scalesOf(weight);
  const bias = floatsOf(plan.value);
  if (inputScale === undefined || !weightScales || !bias) return;
  const count = weightScales.length === 1 ? 1 : bias.length;
  if (weightScales.length !== 1 && weightScales.length !== bias.length) return;
  const scale = Float32Array.from({ length: count }, (_, i) => inputScale * (weightScales[i] as number));
  const codes = bias.map((b, i) => roundHalfEven(b / (scale[count === 1 ? 0 : i] as number)));
  if (codes.some((code) => !(Math.abs(code) <= INT32_MAX))) return site.report(saturated(plan));
  const shape = plan.value.data?.shape ?? [];
  const scaleShape = shape.map((extent, axis) => (axis === shape.length - 1 ? (count === 1 ? 1 : extent) : 1));
  const quant = {
    storage: "i32",
    range: [-(2 ** 31), INT32_MAX],
    granularity: count === 1 ? "tensor" : "channel",
    mode: "static",
    scale: f32Tensor(scale, scaleShape),
  } as const;
  const data = memoryTensor("i32", shape, new Uint8Array(Int32Array.from(codes).buffer));
  placeConstant(site, plan.value, [plan.edge], { data, type: { dtype: plan.value.type.dtype, shape: plan.value.type.shape, quant } });
}

function scalesOf(value: Value | null | undefined): Float32Array | undefined {
  const scale = value?.type.quant?.scale;
  return scale && widened(floatsFromBytes(scale.bytes(), scale.dtype as "f32" | "f16" | "bf16"));
}

function floatsOf(value: Value): Float64Array | undefined {
  const { data } = value;
  if (!data || (data.dtype !== "f32" && data.dtype !== "f16" && data.dtype !== "bf16")) return undefined;
  return Float64Array.from(widened(floatsFromBytes(data.bytes(), data.dtype)));
}

function widened(floats: ReturnType<typeof floatsFromBytes>): Float32Array {
  return floats instanceof Float32Array ? floats : Float32Array.from(floats.bits, floats.dtype === "f16" ? f16ToNumber : bf16ToNumber);
}

function saturated({ value, compute }: BiasPlan): Diagnostic {
  return {
    code: "VX-QUANT-BIAS-RANGE",
    severity: "warning",
    message: "the bias does not fit int32 at scale s_x·s_w, or is not finite; it stays float.",
    hint: "A channel with a tiny weight scale and a large bias is often dead; keep the node in float16 if a target needs an int32 bias.",
    where: { stage: "quantize", value: value.name, node: compute.name },
  };
}
