import { createHash } from "node:crypto";

/**
 * Object file: 8 bytes magic, u64 little-endian payload length, 32 bytes SHA-256 of the payload, payload.
 * A file that is cut, longer or changed anywhere does not decode.
 */
const MAGIC = Buffer.from("VXOBJ001", "latin1");
const HEADER_BYTES = 48;

/** SHA-256 (hex) of a text or bytes. */
export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Header that goes before `payload`. */
export function objectHeader(payload: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeBigUInt64LE(BigInt(payload.byteLength), 8);
  createHash("sha256").update(payload).digest().copy(header, 16);
  return header;
}

/** The payload, or undefined when the bytes are not one whole, unchanged object file. */
export function objectPayload(file: Uint8Array): Uint8Array | undefined {
  if (file.byteLength < HEADER_BYTES) return undefined;
  const header = Buffer.from(file.buffer, file.byteOffset, HEADER_BYTES);
  const payload = new Uint8Array(file.buffer, file.byteOffset + HEADER_BYTES, file.byteLength - HEADER_BYTES);
  if (!header.subarray(0, 8).equals(MAGIC)) return undefined;
  if (header.readBigUInt64LE(8) !== BigInt(payload.byteLength)) return undefined;
  return createHash("sha256").update(payload).digest().equals(header.subarray(16)) ? payload : undefined;
}
