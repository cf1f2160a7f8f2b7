import { type ByteRange, windowsOf } from "../files/index.js";
import { NPY_DATA_TYPES, type NpyDType } from "./dtypes.js";
import { emitArraySize, emitDType } from "./errors.js";
import { encodeNpyHeader } from "./header.js";

/** An array to be written: row-major, little-endian. */
export interface NpySource {
  readonly dtype: NpyDType;
  readonly shape: readonly number[];
  readonly data: Uint8Array | ByteRange | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** A .npy file: its size is known, its content is made as it is asked for. */
export interface NpyFile {
  readonly byteLength: number;
  /** Throws VX-EMIT-NPY-SIZE if the data is not as long as dtype and shape say. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** The .npy file of an array (format version 1). Throws VX-EMIT-NPY-DTYPE for a dtype that NumPy lacks. */
export function npyFile({ dtype, shape, data }: NpySource): NpyFile {
  const type = NPY_DATA_TYPES.find((row) => row.dtype === dtype);
  if (type === undefined) throw emitDType(dtype);
  const header = encodeNpyHeader(type, shape);
  const expected = shape.reduce((product, extent) => product * extent, 1) * type.bytes;
  return {
    byteLength: header.byteLength + expected,
    async *chunks() {
      yield header;
      let byteCount = 0;
      for await (const chunk of chunksOf(data)) {
        byteCount += chunk.byteLength;
        if (byteCount > expected) break;
        yield chunk;
      }
      if (byteCount !== expected) throw emitArraySize(expected, byteCount);
    },
  };
}

function chunksOf(data: NpySource["data"]): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (data instanceof Uint8Array) return [data];
  return "read" in data ? windowsOf(data) : data;
}
