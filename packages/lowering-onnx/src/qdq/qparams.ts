import { elementCount, memoryTensor, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { byteLengthOf } from "@vlm-export/ir";
import { f16ToF32Bits, bf16ToF32Bits } from "@vlm-export/numerics";
import { lowerQparams } from "../errors.js";

/** The scale of a static spec. Throws VX-LOWER-QPARAMS when there is none. */
export function scaleOf(name: string, spec: QuantSpec): TensorData {
  if (!spec.scale) throw lowerQparams(name, `is static but has no scale`);
  return spec.scale;
}

/** A 16-bit scale widened to f32, which is exact; f32 as it is. */
export function widenedScale(scale: TensorData): TensorData {
  const widen = scale.dtype === "f16" ? f16ToF32Bits : scale.dtype === "bf16" ? bf16ToF32Bits : undefined;
  if (!widen) return scale;
  const known = widenedScales.get(scale);
  if (known) return known;
  const bytes = scale.bytes();
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const target = new Uint8Array(bytes.byteLength * 2);
  const view = new DataView(target.buffer);
  for (let at = 0; at < bytes.byteLength; at += 2) view.setUint32(at * 2, widen(source.getUint16(at, true)), true);
  const wide = memoryTensor("f32", scale.shape, target);
  widenedScales.set(scale, wide);
  return wide;
}

const widenedScales = new WeakMap<TensorData, TensorData>();

/** The zero point of a spec, or zeros of its storage type and of the scale's shape: a symmetric spec has none. */
export function zeroPointOf(spec: QuantSpec, scale: TensorData): TensorData {
  if (spec.zeroPoint) return spec.zeroPoint;
  return memoryTensor(spec.storage, scale.shape, new Uint8Array(byteLengthOf(spec.storage, elementCount(scale.shape))));
}
