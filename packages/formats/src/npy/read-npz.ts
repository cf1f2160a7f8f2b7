import { crc32, inflateRawSync } from "node:zlib";
import { type ByteRange, memoryRange } from "../files/index.js";
import { crcAfter } from "./crc.js";
import { npzContent, npzLimit, npzStructure } from "./errors.js";
import { type NpyArray, readNpy } from "./read-npy.js";
import { readZipDirectory, type ZipEntry } from "./zip-directory.js";

/** Sizes above which an archive is refused rather than unpacked. */
export interface NpzLimits {
  /** Bytes of one deflated array when unpacked; arrays are unpacked one at a time, in memory. */
  readonly unpackedBytes: number;
  /** Unpacked size over packed size, for arrays above 1 MiB. */
  readonly ratio: number;
}

/** Limits for archives of unknown origin. */
export const DEFAULT_NPZ_LIMITS: NpzLimits = { unpackedBytes: 2 ** 31, ratio: 200 };

const LOCAL_MARK = 0x04034b50;
const LOCAL_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const MIB = 1024 * 1024;
const WINDOW_BYTES = 16 * MIB;

/** An entry with the place of its packed bytes. */
interface PackedEntry extends ZipEntry {
  readonly begin: number;
  readonly end: number;
}

/** A .npz file, whose arrays are unpacked when they are asked for. */
export interface NpzArchive {
  /** Names of its arrays, without the ending ".npy", in the order of its directory. */
  readonly names: readonly string[];
  /** undefined when the archive has none of that name. Throws VX-IMPORT-NPZ-CONTENT, -LIMIT and what {@link readNpy} throws. */
  array(name: string): NpyArray | undefined;
  /** Reads a stored array to see that its checksum is right; that of a deflated one is checked when it is unpacked. Throws VX-IMPORT-NPZ-CONTENT. */
  checkSum(name: string): void;
}

/**
 * The directory of a .npz file, checked; folders in it are no arrays. Stored arrays stay in the file. Deflated ones are unpacked to
 * exactly the size that the archive declares. Names are keys only: nothing is written anywhere. Throws VX-IMPORT-NPZ-STRUCTURE, -CONTENT, -LIMIT.
 */
export function openNpz(range: ByteRange, limits: Partial<NpzLimits> = {}): NpzArchive {
  const path = range.origin?.path;
  const located = readZipDirectory(range).map((entry) => locate(range, entry));
  requireApart(path, located);
  const entries = new Map<string, PackedEntry>();
  for (const entry of located) {
    if (entry.name.endsWith("/")) continue;
    const name = entry.name.endsWith(".npy") ? entry.name.slice(0, -4) : entry.name;
    if (entries.has(name)) throw npzContent(path, entry.name, "occurs twice");
    entries.set(name, entry);
  }
  return {
    names: [...entries.keys()],
    array(name) {
      const entry = entries.get(name);
      return entry && readNpy(unpack(range, entry, { ...DEFAULT_NPZ_LIMITS, ...limits }));
    },
    checkSum(name) {
      const entry = entries.get(name);
      if (entry?.method === STORED && crcOf(range.slice(entry.begin, entry.end)) !== entry.crc) throw otherSum(path, entry);
    },
  };
}

/** All arrays of a .npz file by name, deflated ones unpacked here; see {@link openNpz}. */
export function readNpz(range: ByteRange, limits: Partial<NpzLimits> = {}): ReadonlyMap<string, NpyArray> {
  const archive = openNpz(range, limits);
  return new Map(archive.names.map((name) => [name, archive.array(name) as NpyArray]));
}

function locate(range: ByteRange, entry: ZipEntry): PackedEntry {
  const path = range.origin?.path;
  const refuse = (why: string) => npzStructure(path, entry.offset, why);
  if (entry.offset + LOCAL_BYTES > range.byteLength) throw refuse("an entry is outside the file");
  const header = Buffer.from(range.read(entry.offset, entry.offset + LOCAL_BYTES));
  if (header.readUInt32LE(0) !== LOCAL_MARK) throw refuse("there is no entry");
  const begin = entry.offset + LOCAL_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const end = begin + entry.packedBytes;
  if (end > range.byteLength) throw refuse("an entry is cut short");
  return { ...entry, begin, end };
}

/** Entries that share bytes are the mark of a decompression bomb. */
function requireApart(path: string | undefined, entries: readonly PackedEntry[]): void {
  const sorted = [...entries].sort((a, b) => a.offset - b.offset);
  for (const [i, entry] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next !== undefined && next.offset < entry.end) throw npzStructure(path, next.offset, "two entries overlap");
  }
}

function unpack(range: ByteRange, entry: PackedEntry, limits: NpzLimits): ByteRange {
  const path = range.origin?.path;
  const packed = range.slice(entry.begin, entry.end);
  if (entry.method === STORED) {
    if (entry.sizeBytes !== entry.packedBytes) throw npzContent(path, entry.name, "is stored in another size than its own");
    return packed;
  }
  if (entry.method !== DEFLATED)
    throw npzContent(path, entry.name, `is packed with method ${entry.method}; expected 0 (stored) or 8 (deflated)`);
  if (entry.sizeBytes > limits.unpackedBytes)
    throw npzLimit(path, `unpacks to ${entry.sizeBytes} bytes; the limit is ${limits.unpackedBytes}`);
  if (entry.sizeBytes > MIB && entry.sizeBytes > entry.packedBytes * limits.ratio) {
    throw npzLimit(path, `unpacks ${entry.packedBytes} bytes to ${entry.sizeBytes}; the limit is a ratio of ${limits.ratio}`);
  }
  return memoryRange(inflated(packed, entry, path));
}

function crcOf(range: ByteRange): number {
  let crc = 0;
  for (let at = 0; at < range.byteLength; at += WINDOW_BYTES)
    crc = crcAfter(range.read(at, Math.min(at + WINDOW_BYTES, range.byteLength)), crc);
  return crc;
}

function otherSum(path: string | undefined, { name }: PackedEntry): Error {
  return npzContent(path, name, "has another checksum than the archive says");
}

function inflated(packed: ByteRange, entry: PackedEntry, path: string | undefined): Uint8Array {
  const bytes = inflate(packed.read(), entry, path);
  if (bytes.byteLength !== entry.sizeBytes)
    throw npzContent(path, entry.name, `unpacks to ${bytes.byteLength} bytes; expected ${entry.sizeBytes}`);
  if (crc32(bytes) !== entry.crc) throw otherSum(path, entry);
  return bytes;
}

function inflate(bytes: Uint8Array, entry: PackedEntry, path: string | undefined): Uint8Array {
  try {
    const buffer = inflateRawSync(bytes, { maxOutputLength: Math.max(1, entry.sizeBytes) });
    return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  } catch (error) {
    throw npzContent(
      path,
      entry.name,
      `cannot be unpacked to ${entry.sizeBytes} bytes (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}
