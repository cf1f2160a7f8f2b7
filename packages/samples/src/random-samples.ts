import { createHash } from "node:crypto";
import { type DType, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { calRandom } from "./errors.js";
import { tensorOfNumbers } from "./float-tensor.js";
import type { ModelInput } from "./model-input.js";

const MAX_ELEMENTS = 2 ** 28;

/** How the data of one input is made. */
export interface RandomForm {
  readonly shape: readonly number[];
  /**
   * any: floats from the standard normal distribution, 8-bit integers from all values, wider integers and booleans 0 or 1; indices:
   * integers from 0 below `count`; ones; positions: `start`, `start` + 1 … along the last axis, begun again from 0 at `count`.
   */
  readonly values:
    | { readonly kind: "any" }
    | { readonly kind: "indices"; readonly count: number }
    | { readonly kind: "ones" }
    | { readonly kind: "positions"; readonly start: number; readonly count: number | undefined };
}

/**
 * Tensors for smoke tests, the same on every machine for the same seed, sample and input name, in the forms given. An input without one
 * gets any values (0 and 1 are indices that any table has), and 1 for a symbolic first extent. Throws VX-CAL-RANDOM.
 */
export function randomTensors(
  inputs: readonly ModelInput[],
  forms: ReadonlyMap<string, RandomForm>,
  { seed, sample }: { readonly seed: number; readonly sample: number },
): Map<string, TensorData> {
  return new Map(
    inputs.map((input) => [
      input.name,
      randomTensor(input, forms.get(input.name) ?? defaultForm(input), generator(`${seed} ${sample} ${input.name}`)),
    ]),
  );
}

function defaultForm({ name, type }: ModelInput): RandomForm {
  // A symbolic first extent is the batch.
  const shape = type.shape?.map((extent, i) => (typeof extent === "number" ? extent : i === 0 ? 1 : undefined));
  if (!shape?.every((extent) => extent !== undefined)) throw calRandom(name, "random data needs a known shape");
  return { shape, values: { kind: "any" } };
}

function randomTensor({ name, type: { dtype } }: ModelInput, { shape, values }: RandomForm, next: () => number): TensorData {
  const count = elementCount(shape);
  if (count > MAX_ELEMENTS) throw calRandom(name, `random data of ${count} elements is too much`);
  if (dtype === "f32" || dtype === "f16")
    return tensorOfNumbers(
      Float32Array.from({ length: count }, () => (values.kind === "ones" ? 1 : normal(next))),
      dtype,
      shape,
    );
  const width = INTEGER_BYTES[dtype];
  if (width === undefined) throw calRandom(name, `there is no random data of type ${dtype}`);
  const bytes = new Uint8Array(count * width);
  const numberAt = integersOf(values, { width: dtype === "bool" ? 0 : width, rowLength: shape.at(-1) ?? 1, next });
  for (let i = 0; i < count; i += 1) writeInteger(bytes, i * width, { width, value: numberAt(i) });
  return memoryTensor(dtype, shape, bytes);
}

const INTEGER_BYTES: Partial<Readonly<Record<DType, number>>> = { bool: 1, u8: 1, i8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8 };

/** The number at each index; `width` in bytes, 0 for booleans. */
function integersOf(
  values: RandomForm["values"],
  { width, rowLength, next }: { readonly width: number; readonly rowLength: number; readonly next: () => number },
): (index: number) => number {
  if (values.kind === "ones") return () => 1;
  if (values.kind === "indices") return () => Math.floor(next() * values.count);
  if (values.kind === "positions") return (index) => (values.start + (index % rowLength)) % (values.count ?? Number.MAX_SAFE_INTEGER);
  return width === 1 ? () => Math.floor(next() * 256) : () => (next() < 0.5 ? 0 : 1);
}

/** Little-endian, non-negative, below 2³¹. */
function writeInteger(bytes: Uint8Array, at: number, { width, value }: { readonly width: number; readonly value: number }): void {
  for (let i = 0; i < Math.min(width, 4); i += 1) bytes[at + i] = value >> (8 * i);
}

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
