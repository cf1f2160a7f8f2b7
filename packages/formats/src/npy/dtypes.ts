/** Element types that both NumPy and this project have. */
export type NpyDType = "f64" | "f32" | "f16" | "i64" | "i32" | "i16" | "i8" | "u64" | "u32" | "u16" | "u8" | "bool" | "c64" | "c128";

/** One element type: NumPy's kind letter and size, and the size of what is swapped between byte orders. */
export interface NpyDataType {
  readonly dtype: NpyDType;
  /** As in `numpy.dtype.str`, without the byte order: "f4". */
  readonly code: string;
  readonly bytes: number;
  readonly swapBytes: number;
}

/** The rows that a .npy header may name (numpy.lib.format, "descr"). */
export const NPY_DATA_TYPES: readonly NpyDataType[] = [
  { dtype: "f64", code: "f8", bytes: 8, swapBytes: 8 },
  { dtype: "f32", code: "f4", bytes: 4, swapBytes: 4 },
  { dtype: "f16", code: "f2", bytes: 2, swapBytes: 2 },
  { dtype: "i64", code: "i8", bytes: 8, swapBytes: 8 },
  { dtype: "i32", code: "i4", bytes: 4, swapBytes: 4 },
  { dtype: "i16", code: "i2", bytes: 2, swapBytes: 2 },
  { dtype: "i8", code: "i1", bytes: 1, swapBytes: 1 },
  { dtype: "u64", code: "u8", bytes: 8, swapBytes: 8 },
  { dtype: "u32", code: "u4", bytes: 4, swapBytes: 4 },
  { dtype: "u16", code: "u2", bytes: 2, swapBytes: 2 },
  { dtype: "u8", code: "u1", bytes: 1, swapBytes: 1 },
  { dtype: "bool", code: "b1", bytes: 1, swapBytes: 1 },
  { dtype: "c64", code: "c8", bytes: 8, swapBytes: 4 },
  { dtype: "c128", code: "c16", bytes: 16, swapBytes: 8 },
];
