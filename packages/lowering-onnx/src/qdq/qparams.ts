import { byteLengthOf, elementCount, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { floatsFromBytes, type HalfArray, widen } from "@vlm-export/numerics";
import { lowerQparams } from "../errors.js";

/** The scale of a static spec. Throws VX-LOWER-QPARAMS when there is none. */
export function scaleOf(name: string, spec: QuantSpec): TensorData {
  if (!spec.scale) throw lowerQparams(name, `is static but has no scale`);
  return spec.scale;
}

/** A 16-bit scale widened to f32 as it is read, which is exact; f32 as it is. */
export function widenedScale(scale: TensorData): TensorData {
  if (scale.dtype !== "f16" && scale.dtype !== "bf16") return scale;
  const known = widenedScales.get(scale);
  if (known) return known;
  const { shape, dtype } = scale;
  const byteLength = scale.byteLength * 2;
  const bytes = (begin = 0, end = byteLength): Uint8Array => {
    const first = Math.floor(begin / 4) * 2;
    const { bits } = floatsFromBytes(scale.bytes(first, Math.ceil(end / 4) * 2), dtype) as HalfArray;
    return new Uint8Array(widen(bits, dtype).buffer).subarray(begin - first * 2, end - first * 2);
  };
  const wide: TensorData = { dtype: "f32", shape, byteLength, bytes };
  widenedScales.set(scale, wide);
  return wide;
}

const widenedScales = new WeakMap<TensorData, TensorData>();

/** The zero point of a spec, or zeros of its storage type and of the scale's shape: a symmetric spec has none. */
export function zeroPointOf({ zeroPoint, storage }: QuantSpec, { shape }: TensorData): TensorData {
  if (zeroPoint) return zeroPoint;
  const byteLength = byteLengthOf(storage, elementCount(shape));
  return { dtype: storage, shape, byteLength, bytes: (begin = 0, end = byteLength) => new Uint8Array(end - begin) };
}
