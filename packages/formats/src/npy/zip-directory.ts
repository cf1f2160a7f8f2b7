import type { ByteRange } from "../files/index.js";
import { npzLimit, npzStructure } from "./errors.js";

/** A file in a zip archive, as its central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Where its local header starts. */
  readonly offset: number;
}

const END_MARK = 0x06054b50;
const END_BYTES = 22;
const ZIP64_LOCATOR_MARK = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_MARK = 0x06064b50;
const ZIP64_END_BYTES = 56;
const ENTRY_MARK = 0x02014b50;
const ENTRY_BYTES = 46;
const MAX_COMMENT_BYTES = 0xffff;
const MAX_ENTRIES = 1_000_000;
const MAX_DIRECTORY_BYTES = 256 * 1024 * 1024;
const U32_ESCAPE = 0xffffffff;

/** Where the central directory lies. */
interface Directory {
  readonly offset: number;
  readonly byteLength: number;
  readonly count: number;
}

/**
 * The entries of a zip archive (PKWARE APPNOTE 4.3, with zip64), in the order of its central directory. Throws
 * VX-IMPORT-NPZ-STRUCTURE, -LIMIT.
 */
export function readZipDirectory(range: ByteRange): readonly ZipEntry[] {
  const path = range.origin?.path;
  const { offset, byteLength, count } = findDirectory(range);
  if (count > MAX_ENTRIES || byteLength > MAX_DIRECTORY_BYTES) throw npzLimit(path, `has ${count} entries in ${byteLength} bytes`);
  if (offset + byteLength > range.byteLength) throw npzStructure(path, offset, "the directory is outside the file");
  const bytes = Buffer.from(range.read(offset, offset + byteLength));
  const entries: ZipEntry[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const { entry, next } = readEntry(bytes, at, { path, base: offset });
    entries.push(entry);
    at = next;
  }
  if (entries.length !== count) throw npzStructure(path, offset, `the directory has ${entries.length} entries; expected ${count}`);
  return entries;
}

function findDirectory(range: ByteRange): Directory {
  const path = range.origin?.path;
  const tailOffset = Math.max(0, range.byteLength - END_BYTES - MAX_COMMENT_BYTES);
  const tail = Buffer.from(range.read(tailOffset, range.byteLength));
  const at = findEnd(tail);
  if (at < 0) throw npzStructure(path, tailOffset, "there is no end of a zip archive");
  const end = { count: tail.readUInt16LE(at + 10), byteLength: tail.readUInt32LE(at + 12), offset: tail.readUInt32LE(at + 16) };
  const escapes = end.count === 0xffff || end.byteLength === U32_ESCAPE || end.offset === U32_ESCAPE;
  return escapes ? (findZip64Directory(range, tailOffset + at) ?? end) : end;
}

/** The last end mark whose comment ends with the file. */
function findEnd(tail: Buffer): number {
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    const isEnd = tail.readUInt32LE(at) === END_MARK && at + END_BYTES + tail.readUInt16LE(at + 20) === tail.byteLength;
    if (isEnd) return at;
  }
  return -1;
}

function findZip64Directory(range: ByteRange, endOffset: number): Directory | undefined {
  const path = range.origin?.path;
  if (endOffset < ZIP64_LOCATOR_BYTES) return undefined;
  const locator = Buffer.from(range.read(endOffset - ZIP64_LOCATOR_BYTES, endOffset));
  if (locator.readUInt32LE(0) !== ZIP64_LOCATOR_MARK) return undefined;
  const at = Number(locator.readBigUInt64LE(8));
  if (at + ZIP64_END_BYTES > endOffset) throw npzStructure(path, endOffset - ZIP64_LOCATOR_BYTES, "the zip64 end is outside the file");
  const end = Buffer.from(range.read(at, at + ZIP64_END_BYTES));
  if (end.readUInt32LE(0) !== ZIP64_END_MARK) throw npzStructure(path, at, "there is no zip64 end of the archive");
  const [count, byteLength, offset] = [32, 40, 48].map((field) => Number(end.readBigUInt64LE(field)));
  return { count: count ?? 0, byteLength: byteLength ?? 0, offset: offset ?? 0 };
}

function readEntry(bytes: Buffer, at: number, where: { path: string | undefined; base: number }): { entry: ZipEntry; next: number } {
  const refuse = (why: string) => npzStructure(where.path, where.base + at, why);
  if (at + ENTRY_BYTES > bytes.byteLength || bytes.readUInt32LE(at) !== ENTRY_MARK) throw refuse("there is no directory entry");
  const nameEnd = at + ENTRY_BYTES + bytes.readUInt16LE(at + 28);
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
  const next = extraEnd + bytes.readUInt16LE(at + 32);
  if (next > bytes.byteLength) throw refuse("a directory entry is cut short");
  if ((bytes.readUInt16LE(at + 8) & 1) !== 0) throw refuse("an entry is encrypted");
  const sizes = {
    sizeBytes: bytes.readUInt32LE(at + 24),
    packedBytes: bytes.readUInt32LE(at + 20),
    offset: bytes.readUInt32LE(at + 42),
  };
  const wide = widen(bytes.subarray(nameEnd, extraEnd), sizes);
  if (wide === undefined) throw refuse("an entry lacks its zip64 sizes");
  const name = bytes.toString("utf8", at + ENTRY_BYTES, nameEnd);
  return { entry: { name, method: bytes.readUInt16LE(at + 10), crc: bytes.readUInt32LE(at + 16), ...wide }, next };
}

type Sizes = Pick<ZipEntry, "sizeBytes" | "packedBytes" | "offset">;

/** Replaces sizes that are escaped by those of the zip64 extra field (id 1), which come in this order. */
function widen(extra: Buffer, sizes: Sizes): Sizes | undefined {
  const keys = (["sizeBytes", "packedBytes", "offset"] as const).filter((key) => sizes[key] === U32_ESCAPE);
  if (keys.length === 0) return sizes;
  for (let at = 0; at + 4 <= extra.byteLength; at += 4 + extra.readUInt16LE(at + 2)) {
    const end = at + 4 + extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) !== 1) continue;
    if (end > extra.byteLength || end - at - 4 < keys.length * 8) return undefined;
    return { ...sizes, ...Object.fromEntries(keys.map((key, i) => [key, Number(extra.readBigUInt64LE(at + 4 + i * 8))])) };
  }
  return undefined;
}
