import { createHash } from "node:crypto";
import { type DType, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { calRandom } from "./errors.js";
import { tensorOfNumbers } from "./float-tensor.js";
import type { ModelInput } from "./model-input.js";

const MAX_ELEMENTS = 2 ** 28;

/**
 * Tensors for smoke tests, the same on every machine for the same seed, sample and input name: floats from the standard normal
 * distribution, 8-bit integers from all values, wider integers and booleans 0 or 1 (indices that any table has).
 */
export function randomTensors(inputs: readonly ModelInput[], seed: number, sample: number): Map<string, TensorData> {
  return new Map(inputs.map((input) => [input.name, randomTensor(input, generator(`${seed} ${sample} ${input.name}`))]));
}

function randomTensor({ name, type }: ModelInput, next: () => number): TensorData {
  const { dtype } = type;
  // A symbolic first extent is the batch.
  const shape = type.shape?.map((extent, i) => (typeof extent === "number" ? extent : i === 0 ? 1 : undefined));
  if (!shape?.every((extent) => extent !== undefined)) throw calRandom(name, "random data needs a known shape");
  const count = elementCount(shape);
  if (count > MAX_ELEMENTS) throw calRandom(name, `random data of ${count} elements is too much`);
  if (dtype === "f32" || dtype === "f16")
    return tensorOfNumbers(
      Float32Array.from({ length: count }, () => normal(next)),
      dtype,
      shape,
    );
  if (dtype === "u8" || dtype === "i8")
    return memoryTensor(
      dtype,
      shape,
      Uint8Array.from({ length: count }, () => next() * 256),
    );
  const width = INTEGER_BYTES[dtype];
  if (width === undefined) throw calRandom(name, `there is no random data of type ${dtype}`);
  const bytes = new Uint8Array(count * width);
  for (let i = 0; i < count; i += 1) bytes[i * width] = next() < 0.5 ? 0 : 1;
  return memoryTensor(dtype, shape, bytes);
}

const INTEGER_BYTES: Partial<Readonly<Record<DType, number>>> = { bool: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8 };

/** Box–Muller. */
function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Uniform numbers in [0, 1) by xoshiro128**, state from a hash of the key. */
function generator(key: string): () => number {
  const state = new Uint32Array(new Uint8Array(createHash("sha256").update(key).digest()).buffer, 0, 4);
  const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
  return () => {
    const [s0, s1, s2, s3] = state as unknown as [number, number, number, number];
    const result = Math.imul(rotate(Math.imul(s1, 5), 7), 9) >>> 0;
    const [t2, t3] = [s2 ^ s0, s3 ^ s1];
    state[1] = s1 ^ t2;
    state[0] = s0 ^ t3;
    state[2] = t2 ^ (s1 << 9);
    state[3] = rotate(t3, 11);
    return result / 2 ** 32;
  };
}
