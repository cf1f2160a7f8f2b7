import type { TfliteOptions } from "./options.js";

/** Bytes by range: a file range, or weights that are computed when asked for. `read(begin, end)` returns that byte range; the default is all of it. */
export interface TfliteBytes {
  readonly byteLength: number;
  read(begin?: number, end?: number): Uint8Array;
}

/** Element types of schema revision 3d, by their schema names. */
export type TfliteType =
  | "FLOAT32"
  | "FLOAT16"
  | "INT32"
  | "UINT8"
  | "INT64"
  | "STRING"
  | "BOOL"
  | "INT16"
  | "COMPLEX64"
  | "INT8"
  | "FLOAT64"
  | "COMPLEX128"
  | "UINT64"
  | "RESOURCE"
  | "VARIANT"
  | "UINT32"
  | "UINT16"
  | "INT4"
  | "BFLOAT16"
  | "INT2"
  | "UINT4"
  | "FLOAT8_E4M3FN"
  | "FLOAT8_E5M2";

/** Scales of a blockwise quantized weight live in another tensor of the same subgraph (`zeroPoints` = -1: none). */
export interface TfliteBlockwise {
  readonly scales: number;
  readonly zeroPoints: number;
  readonly blockSize: number;
}

/**
 * real = scale[c] * (q - zeroPoint[c]), c = the index along `quantizedDimension`; one scale = per tensor.
 * An absent `zeroPoint` list means 0 everywhere. `min` and `max` are informative only.
 */
export interface TfliteQuantization {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly quantizedDimension: number;
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly blockwise?: TfliteBlockwise;
}

/** One value of a subgraph. `buffer` indexes {@link TfliteModel.buffers}; 0 = no constant data. Row-major, little-endian. */
export interface TfliteTensor {
  readonly name: string;
  readonly type: TfliteType;
  readonly shape: readonly number[];
  /** `shape` with -1 at dynamic extents; absent where the whole shape is static. */
  readonly shapeSignature?: readonly number[];
  readonly buffer: number;
  readonly quantization?: TfliteQuantization;
  readonly isVariable: boolean;
  /** False in old files, where an empty shape means "unknown", not "scalar". */
  readonly hasRank: boolean;
}

/** `inputs` and `outputs` index the subgraph's tensors; -1 = an optional operand left out. */
export interface TfliteOperator {
  /** Index into {@link TfliteModel.operatorCodes}. */
  readonly opcode: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options?: TfliteOptions;
  readonly customOptions?: TfliteBytes;
}

/** One graph: tensors in any order, operators in execution order. */
export interface TfliteSubgraph {
  readonly name?: string;
  readonly tensors: readonly TfliteTensor[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly operators: readonly TfliteOperator[];
}

/** A builtin operator (`op` = schema name such as `FULLY_CONNECTED`) at a version, or `CUSTOM` with `customCode`. */
export interface TfliteOperatorCode {
  readonly op: string;
  readonly version: number;
  readonly customCode?: string;
}

/** A named byte string carried beside the graph; runtimes ignore unknown names. */
export interface TfliteMetadata {
  readonly name: string;
  readonly buffer: number;
}

/** A name that the signature gives to a tensor of its subgraph. */
export interface TfliteTensorMap {
  readonly name: string;
  readonly tensor: number;
}

/** A callable entry of the model. Several signatures may share buffers, never tensors. */
export interface TfliteSignature {
  readonly key: string;
  readonly inputs: readonly TfliteTensorMap[];
  readonly outputs: readonly TfliteTensorMap[];
  readonly subgraph: number;
}

/** A whole .tflite file. `buffers[0]` is the empty sentinel: buffer 0 = no data. */
export interface TfliteModel {
  readonly description?: string;
  readonly operatorCodes: readonly TfliteOperatorCode[];
  readonly subgraphs: readonly TfliteSubgraph[];
  readonly buffers: readonly TfliteBytes[];
  readonly metadata: readonly TfliteMetadata[];
  readonly signatures: readonly TfliteSignature[];
}
