import { crc32, deflateRawSync } from "node:zlib";
import { crcAfter } from "./crc.js";
import { emitZip } from "./errors.js";
import { type NpySource, npyFile } from "./write-npy.js";

/** An entry whose bytes have been written. */
interface Written {
  readonly name: Buffer;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  readonly offset: number;
}

const STORED = 0;
const DEFLATED = 8;
/** Sizes and checksum follow the data; the name is UTF-8. */
const FLAGS = 0x0808;
const VERSION = 45;
/** 1 January 1980, so that same arrays give same bytes. */
const DOS_DATE = 0x21;
const U32_ESCAPE = 0xffffffff;
const MAX_DEFLATE_BYTES = 2 ** 31;

/**
 * The content of a .npz file with these arrays, in the order of the map. Arrays are stored and streamed, or, with
 * `deflate`, packed one at a time in memory (each below 2 GiB). Zip64 sizes are written throughout, as NumPy does.
 * Same arrays, same bytes. Throws VX-EMIT-NPY-*, VX-EMIT-NPZ-ENTRY.
 */
export async function* npzChunks(
  arrays: ReadonlyMap<string, NpySource>,
  options: { readonly deflate?: boolean } = {},
): AsyncGenerator<Uint8Array> {
  const entries: Written[] = [];
  let offset = 0;
  for (const [name, source] of arrays) {
    const entry = entryOf(name);
    const header = localHeader(entry, options.deflate === true ? DEFLATED : STORED);
    yield header;
    const content = options.deflate === true ? deflated(name, source) : stored(source);
    const sums = yield* content;
    const descriptor = descriptorOf(sums);
    yield descriptor;
    entries.push({ name: entry, method: options.deflate === true ? DEFLATED : STORED, offset, ...sums });
    offset += header.byteLength + sums.packedBytes + descriptor.byteLength;
  }
  const directory = Buffer.concat(entries.map(directoryEntry));
  yield new Uint8Array(directory);
  yield endRecords(entries.length, directory.byteLength, offset);
}

type Sums = Pick<Written, "crc" | "packedBytes" | "sizeBytes">;

async function* stored(source: NpySource): AsyncGenerator<Uint8Array, Sums> {
  const file = npyFile(source);
  let crc = 0;
  for await (const chunk of file.chunks()) {
    crc = crcAfter(chunk, crc);
    yield chunk;
  }
  return { crc, packedBytes: file.byteLength, sizeBytes: file.byteLength };
}

async function* deflated(name: string, source: NpySource): AsyncGenerator<Uint8Array, Sums> {
  const file = npyFile(source);
  if (file.byteLength >= MAX_DEFLATE_BYTES) throw emitZip(name, "is 2 GiB or more, too long to be deflated; store it");
  const pieces: Uint8Array[] = [];
  for await (const chunk of file.chunks()) pieces.push(chunk);
  const bytes = Buffer.concat(pieces);
  const packed = deflateRawSync(bytes);
  yield new Uint8Array(packed);
  return { crc: crc32(bytes), packedBytes: packed.byteLength, sizeBytes: bytes.byteLength };
}

function entryOf(name: string): Buffer {
  const entry = Buffer.from(`${name}.npy`);
  if (entry.byteLength > 0xffff) throw emitZip(name, "has a name of more than 65535 bytes");
  return entry;
}

function localHeader(name: Buffer, method: number): Uint8Array {
  const header = Buffer.alloc(30 + 20);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(FLAGS, 6);
  header.writeUInt16LE(method, 8);
  header.writeUInt16LE(DOS_DATE, 12);
  header.writeUInt32LE(U32_ESCAPE, 18);
  header.writeUInt32LE(U32_ESCAPE, 22);
  header.writeUInt16LE(name.byteLength, 26);
  header.writeUInt16LE(20, 28);
  header.writeUInt16LE(1, 30);
  header.writeUInt16LE(16, 32);
  return new Uint8Array(Buffer.concat([header.subarray(0, 30), name, header.subarray(30)]));
}

function descriptorOf({ crc, packedBytes, sizeBytes }: Sums): Uint8Array {
  const descriptor = Buffer.alloc(24);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  descriptor.writeBigUInt64LE(BigInt(packedBytes), 8);
  descriptor.writeBigUInt64LE(BigInt(sizeBytes), 16);
  return new Uint8Array(descriptor);
}

function directoryEntry({ name, method, crc, packedBytes, sizeBytes, offset }: Written): Buffer {
  const header = Buffer.alloc(46 + 28);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeUInt16LE(VERSION, 6);
  header.writeUInt16LE(FLAGS, 8);
  header.writeUInt16LE(method, 10);
  header.writeUInt16LE(DOS_DATE, 14);
  header.writeUInt32LE(crc, 16);
  header.writeUInt32LE(U32_ESCAPE, 20);
  header.writeUInt32LE(U32_ESCAPE, 24);
  header.writeUInt16LE(name.byteLength, 28);
  header.writeUInt16LE(28, 30);
  header.writeUInt32LE(U32_ESCAPE, 42);
  header.writeUInt16LE(1, 46);
  header.writeUInt16LE(24, 48);
  for (const [i, value] of [sizeBytes, packedBytes, offset].entries()) header.writeBigUInt64LE(BigInt(value), 50 + i * 8);
  return Buffer.concat([header.subarray(0, 46), name, header.subarray(46)]);
}

/** The zip64 end, its locator, and the end that points to it. */
function endRecords(count: number, directoryBytes: number, directoryOffset: number): Uint8Array {
  const end = Buffer.alloc(56 + 20 + 22);
  end.writeUInt32LE(0x06064b50, 0);
  end.writeBigUInt64LE(44n, 4);
  end.writeUInt16LE(VERSION, 12);
  end.writeUInt16LE(VERSION, 14);
  for (const [i, value] of [count, count, directoryBytes, directoryOffset].entries()) end.writeBigUInt64LE(BigInt(value), 24 + i * 8);
  end.writeUInt32LE(0x07064b50, 56);
  end.writeBigUInt64LE(BigInt(directoryOffset + directoryBytes), 64);
  end.writeUInt32LE(1, 72);
  end.writeUInt32LE(0x06054b50, 76);
  end.writeUInt16LE(0xffff, 84);
  end.writeUInt16LE(0xffff, 86);
  end.writeUInt32LE(U32_ESCAPE, 88);
  end.writeUInt32LE(U32_ESCAPE, 92);
  return new Uint8Array(end);
}
