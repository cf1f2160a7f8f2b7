import { unknownDataType } from "./errors.js";

/** Element types that a TensorProto can hold, by the names of this project. */
export type OnnxDType =
  | "f64"
  | "f32"
  | "f16"
  | "bf16"
  | "f8e4m3"
  | "f8e4m3uz"
  | "f8e5m2"
  | "f8e5m2uz"
  | "f8e8m0"
  | "f6e2m3"
  | "f6e3m2"
  | "f4e2m1"
  | "i64"
  | "i32"
  | "i16"
  | "i8"
  | "i4"
  | "i2"
  | "u64"
  | "u32"
  | "u16"
  | "u8"
  | "u4"
  | "u2"
  | "bool"
  | "c64"
  | "c128"
  | "string";

/** The typed fields of TensorProto that hold elements when `raw_data` does not. */
export type OnnxDataField = "float_data" | "int32_data" | "string_data" | "int64_data" | "double_data" | "uint64_data";

/** One row of TensorProto.DataType. */
export interface OnnxDataType {
  readonly code: number;
  /** The word of the ONNX specification, such as "FLOAT". */
  readonly onnxName: string;
  readonly dtype: OnnxDType;
  /** Bits of one element in `raw_data`; 0 for strings. */
  readonly bits: number;
  /** The typed field that may hold it. */
  readonly field: OnnxDataField;
  /** Lowest IR version that knows the type. */
  readonly irVersion: number;
}

const ROWS: readonly (readonly [number, string, OnnxDType, number, OnnxDataField, number])[] = [
  [1, "FLOAT", "f32", 32, "float_data", 1],
  [2, "UINT8", "u8", 8, "int32_data", 1],
  [3, "INT8", "i8", 8, "int32_data", 1],
  [4, "UINT16", "u16", 16, "int32_data", 1],
  [5, "INT16", "i16", 16, "int32_data", 1],
  [6, "INT32", "i32", 32, "int32_data", 1],
  [7, "INT64", "i64", 64, "int64_data", 1],
  [8, "STRING", "string", 0, "string_data", 1],
  [9, "BOOL", "bool", 8, "int32_data", 1],
  [10, "FLOAT16", "f16", 16, "int32_data", 1],
  [11, "DOUBLE", "f64", 64, "double_data", 1],
  [12, "UINT32", "u32", 32, "uint64_data", 1],
  [13, "UINT64", "u64", 64, "uint64_data", 1],
  [14, "COMPLEX64", "c64", 64, "float_data", 1],
  [15, "COMPLEX128", "c128", 128, "double_data", 1],
  [16, "BFLOAT16", "bf16", 16, "int32_data", 4],
  [17, "FLOAT8E4M3FN", "f8e4m3", 8, "int32_data", 9],
  [18, "FLOAT8E4M3FNUZ", "f8e4m3uz", 8, "int32_data", 9],
  [19, "FLOAT8E5M2", "f8e5m2", 8, "int32_data", 9],
  [20, "FLOAT8E5M2FNUZ", "f8e5m2uz", 8, "int32_data", 9],
  [21, "UINT4", "u4", 4, "int32_data", 10],
  [22, "INT4", "i4", 4, "int32_data", 10],
  [23, "FLOAT4E2M1", "f4e2m1", 4, "int32_data", 11],
  [24, "FLOAT8E8M0", "f8e8m0", 8, "int32_data", 12],
  [25, "UINT2", "u2", 2, "int32_data", 13],
  [26, "INT2", "i2", 2, "int32_data", 13],
  [27, "FLOAT6E2M3", "f6e2m3", 6, "int32_data", 14],
  [28, "FLOAT6E3M2", "f6e3m2", 6, "int32_data", 14],
];

/** TensorProto.DataType of IR version 14, in the order of its codes (onnx.proto of ONNX 1.23). */
export const ONNX_DATA_TYPES: readonly OnnxDataType[] = ROWS.map(([code, onnxName, dtype, bits, field, irVersion]) => ({
  code,
  onnxName,
  dtype,
  bits,
  field,
  irVersion,
}));

const BY_CODE: ReadonlyMap<number, OnnxDataType> = new Map(ONNX_DATA_TYPES.map((row) => [row.code, row]));
const BY_DTYPE: ReadonlyMap<string, OnnxDataType> = new Map(ONNX_DATA_TYPES.map((row) => [row.dtype, row]));

/** The row of a TensorProto.DataType code, if there is such a type. */
export function onnxDataType(code: number): OnnxDataType | undefined {
  return BY_CODE.get(code);
}

/** The row of a dtype name, if ONNX has such a type. */
export function onnxDataTypeOf(dtype: string): OnnxDataType | undefined {
  return BY_DTYPE.get(dtype);
}

/** The row of a code; throws VX-IMPORT-ONNX-DATA-TYPE where there is none. */
export function requireDataType(code: number, tensor: string, path: string | undefined): OnnxDataType {
  const row = BY_CODE.get(code);
  if (row === undefined) throw unknownDataType(code, tensor, path);
  return row;
}
