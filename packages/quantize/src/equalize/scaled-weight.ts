import { elementCount, singles, storedTensor, type TensorData } from "@vlm-export/ir";
import { type Factors, type Floats, type FloatSource, type FloatType, type Kernels, multiply } from "@vlm-export/numerics";
import { floatsOf, singlesOf, wideFloatsOf } from "../weights/constant-floats.js";

/** A weight as it is quantized: its elements, multiplied where its norm is equalized. */
export interface ScaledWeight {
  readonly data: TensorData;
  readonly factors?: Factors;
}

/** Row k of the summed axis of a matrix is multiplied by factor k. */
export function scaledWeight(data: TensorData, reduce: number, values: Float32Array): ScaledWeight {
  return { data, factors: { values, run: reduce === 0 ? (data.shape[1] as number) : 1, start: 0 } };
}

/** The elements; reads all of them. */
export function weightFloats({ data, factors }: ScaledWeight, kernels: Kernels): Floats {
  if (!factors) return floatsOf(data);
  const floats = wideFloatsOf(data, kernels).slice();
  multiply(floats, factors);
  return floats;
}

/** A weight in a file is read there by the pool's threads, in the type that it is stored in. */
export function weightSource(weight: ScaledWeight, kernels: Kernels): FloatSource {
  const { file, dtype, shape } = storedTensor(weight.data);
  if (!file) return weightFloats(weight, kernels);
  const source = { ...file, dtype: dtype as FloatType, elementCount: elementCount(shape) };
  return weight.factors ? { ...source, factors: weight.factors } : source;
}

/** A vector of a float type divided by the factors, in f32. */
export function divided(data: TensorData, factors: Float32Array): Float32Array {
  return singlesOf(singles(data)).map((value, k) => value / (factors[k] as number));
}
