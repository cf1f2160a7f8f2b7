import type { DType } from "@vlm-export/ir";
import type { RangeWord, StorageWord } from "@vlm-export/schemas";

/** Recipe word → type of the graph. */
export const STORAGE: Readonly<Record<StorageWord, DType>> = {
  int8: "i8",
  uint8: "u8",
  int4: "i4",
  uint4: "u4",
  int2: "i2",
  uint2: "u2",
  int16: "i16",
  uint16: "u16",
  float16: "f16",
  bfloat16: "bf16",
  float8e4m3: "f8e4m3",
  float8e5m2: "f8e5m2",
};

/** Words that a weight may be stored as in this version. */
export const WEIGHT_WORDS: readonly StorageWord[] = ["int8", "uint8", "int4", "uint4", "int2"];
/** Words that an activation may be stored as in this version. */
export const ACTIVATION_WORDS: readonly StorageWord[] = ["int8", "uint8", "int16", "uint16"];

/** Word for a graph type; the type itself where the recipe has no word. */
export function wordFor(dtype: DType): string {
  return Object.entries(STORAGE).find(([, storage]) => storage === dtype)?.[0] ?? dtype;
}

export function isUnsigned(word: StorageWord): boolean {
  return word.startsWith("uint");
}

/** Inclusive integers: full −2^(b−1)..2^(b−1)−1, narrow without the lowest; unsigned 0..2^b−1. */
export function integerRange(word: StorageWord, range: RangeWord): readonly [qmin: number, qmax: number] {
  const bits = Number(/\d+$/.exec(word)?.[0]);
  if (isUnsigned(word)) return [0, 2 ** bits - 1];
  const qmax = 2 ** (bits - 1) - 1;
  return [range === "narrow" ? -qmax : -qmax - 1, qmax];
}
