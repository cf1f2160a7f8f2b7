import { closeSync, openSync } from "node:fs";
import { readAll } from "@vlm-export/formats/files";
import { byteLengthOf, type DType, elementCount, type FileLocation, type TensorData } from "@vlm-export/ir";
import { quantScratchRead } from "./errors.js";

/**
 * A tensor whose bytes lie at `location`; each call of `bytes` opens, reads its range and closes, so that any number of such
 * tensors costs no memory and no handle. Throws VX-QUANT-SCRATCH-READ when the file no longer holds the range.
 */
export function fileTensor(dtype: DType, shape: readonly number[], location: FileLocation): TensorData {
  const byteLength = byteLengthOf(dtype, elementCount(shape));
  return {
    dtype,
    shape,
    byteLength,
    file: location,
    bytes(begin = 0, end = byteLength) {
      const bytes = new Uint8Array(Math.max(end - begin, 0));
      readRange(location, begin, bytes);
      return bytes;
    },
    readInto: (target, begin) => readRange(location, begin, target),
  };
}

function readRange({ path, offset }: FileLocation, from: number, bytes: Uint8Array): void {
  const begin = offset + from;
  const end = begin + bytes.byteLength;
  let missing = bytes.byteLength;
  try {
    const handle = openSync(path, "r");
    try {
      missing -= readAll(handle, bytes, begin);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    throw quantScratchRead(path, begin, end, error);
  }
  if (missing > 0) throw quantScratchRead(path, begin, end);
}
