import { elementCount, memoryTensor, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { byteLengthOf } from "@vlm-export/ir";
import { floatsFromBytes, type HalfArray, widen } from "@vlm-export/numerics";
import { lowerQparams } from "../errors.js";

/** The scale of a static spec. Throws VX-LOWER-QPARAMS when there is none. */
export function scaleOf(name: string, spec: QuantSpec): TensorData {
  if (!spec.scale) throw lowerQparams(name, `is static but has no scale`);
  return spec.scale;
}

/** A 16-bit scale widened to f32, which is exact; f32 as it is. */
export function widenedScale(scale: TensorData): TensorData {
  if (scale.dtype !== "f16" && scale.dtype !== "bf16") return scale;
  const known = widenedScales.get(scale);
  if (known) return known;
  const { bits } = floatsFromBytes(scale.bytes(), scale.dtype) as HalfArray;
  const numbers = widen(bits, scale.dtype);
  const wide = memoryTensor("f32", scale.shape, new Uint8Array(numbers.buffer));
  widenedScales.set(scale, wide);
  return wide;
}

const widenedScales = new WeakMap<TensorData, TensorData>();

/** The zero point of a spec, or zeros of its storage type and of the scale's shape: a symmetric spec has none. */
export function zeroPointOf(spec: QuantSpec, scale: TensorData): TensorData {
  if (spec.zeroPoint) return spec.zeroPoint;
  return memoryTensor(spec.storage, scale.shape, new Uint8Array(byteLengthOf(spec.storage, elementCount(scale.shape))));
}
