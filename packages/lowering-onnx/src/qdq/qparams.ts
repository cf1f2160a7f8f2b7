import { byteLengthOf, elementCount, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { lowerQparams } from "../errors.js";

/** The scale of a static spec. Throws VX-LOWER-QPARAMS when there is none. */
export function scaleOf(name: string, spec: QuantSpec): TensorData {
  if (!spec.scale) throw lowerQparams(name, `is static but has no scale`);
  return spec.scale;
}

/** The zero point of a spec, or zeros of its storage type and of the scale's shape: a symmetric spec has none. */
export function zeroPointOf({ zeroPoint, storage }: QuantSpec, { shape }: TensorData): TensorData {
  if (zeroPoint) return zeroPoint;
  const byteLength = byteLengthOf(storage, elementCount(shape));
  return { dtype: storage, shape, byteLength, bytes: (begin = 0, end = byteLength) => new Uint8Array(end - begin) };
}
