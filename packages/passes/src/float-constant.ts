import { type DType, elementCount, isFloat, type TensorData, type Value } from "@vlm-export/ir";
import { numbersOf, reshaped, tensorOf } from "@vlm-export/ops";
import { plainData } from "./match.js";

/** The elements of a float constant; undefined for anything else. Reads all of it. */
export function floatElements(value: Value | null | undefined): Float64Array | undefined {
  const data = plainData(value);
  return data && isFloat(data.dtype) ? numbersOf(data) : undefined;
}

/** Numbers rounded half to even to a float `dtype`; undefined when one of them is no finite number there, or when it is no float type. */
export function finiteTensor(dtype: DType, shape: readonly number[], values: ArrayLike<number>): TensorData | undefined {
  if (!isFloat(dtype)) return undefined;
  const data = tensorOf(dtype, shape, values);
  return numbersOf(data).every(Number.isFinite) ? data : undefined;
}

/** A constant of exactly `shape`, but for leading extents of 1, as data of that shape. */
export function constantShaped(value: Value | undefined, shape: readonly number[]): TensorData | undefined {
  const data = plainData(value);
  if (!data || data.shape.length < shape.length) return undefined;
  const leading = data.shape.slice(0, data.shape.length - shape.length);
  const fits = elementCount(leading) === 1 && shape.every((extent, i) => extent === data.shape[leading.length + i]);
  return fits ? (leading.length === 0 ? data : reshaped(data, shape)) : undefined;
}
