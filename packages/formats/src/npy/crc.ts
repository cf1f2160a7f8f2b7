import { crc32 } from "node:zlib";

/** CRC-32 of what came before, `crc`, and this chunk. Node's own starts anew at a chunk without a buffer, which an empty array is. */
export function crcAfter(chunk: Uint8Array, crc: number): number {
  return chunk.byteLength === 0 ? crc : crc32(chunk, crc);
}
