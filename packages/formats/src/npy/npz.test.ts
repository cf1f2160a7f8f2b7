import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FilePool, FormatError, memoryRange } from "../files/index.js";
import { temporaryFolders } from "../files/temporary-folder.fixture.js";
import { openNpz, readNpz } from "./read-npz.js";
import { type NpySource, npyFile } from "./write-npy.js";
import { npzChunks } from "./write-npz.js";

const newFolder = temporaryFolders();

async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

function valuesOf(bytes: Uint8Array): readonly (readonly [string, string, readonly number[], readonly number[]])[] {
  return [...readNpz(memoryRange(bytes))].map(([name, { dtype, shape, data }]) => [name, dtype, shape, [...data.read()]]);
}

function errorOf(bytes: Uint8Array): string {
  try {
    valuesOf(bytes);
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

const u8 = (...values: readonly number[]): NpySource => ({ dtype: "u8", shape: [values.length], data: Uint8Array.from(values) });

/** One entry of a classic zip file, with room to lie. */
interface Lie {
  readonly name: string;
  readonly content: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  readonly sizeBytes?: number;
  readonly packedBytes?: number;
  readonly offset?: number;
}

/** A zip file without zip64, as Python's zipfile writes it. */
function zipOf(entries: readonly Lie[]): Uint8Array {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(entry.flags ?? 0, 2);
    fields.writeUInt16LE(entry.method ?? 0, 4);
    fields.writeUInt32LE(entry.crc ?? crc32(entry.content), 10);
    fields.writeUInt32LE(entry.packedBytes ?? entry.content.byteLength, 14);
    fields.writeUInt32LE(entry.sizeBytes ?? entry.content.byteLength, 18);
    fields.writeUInt16LE(name.byteLength, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(entry.offset ?? offset, 10);
    const file = Buffer.concat([Buffer.from("PK\x03\x04"), fields, name, entry.content]);
    files.push(file);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), fields, tail, name]));
    offset += file.byteLength;
  }
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).byteLength, 12);
  end.writeUInt32LE(offset, 16);
  return new Uint8Array(Buffer.concat([...files, ...directory, end]));
}

async function npyBytes(source: NpySource): Promise<Buffer> {
  return joined(npyFile(source).chunks());
}

test("archives are read as they were written, stored and deflated", async () => {
  const name = fc.oneof(fc.string({ unit: "binary", maxLength: 6 }), fc.constantFrom("__proto__", "../../evil", "/etc/passwd", "a.npy"));
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, fc.uint8Array({ maxLength: 50 })), { selector: ([key]) => key, maxLength: 4 }),
      fc.boolean(),
      async (items, deflate) => {
        const arrays = new Map(items.map(([key, data]) => [key, u8(...data)]));
        const bytes = await joined(npzChunks(arrays, { deflate }));
        expect(valuesOf(bytes)).toEqual(items.map(([key, data]) => [key, "u8", [data.length], [...data]]));
      },
    ),
    { numRuns: 30 },
  );
});

test("same arrays give same bytes", async () => {
  const arrays = new Map([["a", u8(1, 2)]]);
  expect(await joined(npzChunks(arrays))).toEqual(await joined(npzChunks(arrays)));
});

test("a classic archive, with a comment, is read", async () => {
  const content = await npyBytes(u8(7, 8));
  const zip = Buffer.from(
    zipOf([
      { name: "a.npy", content },
      { name: "b.npy", content: deflateRawSync(content), method: 8, crc: crc32(content), sizeBytes: content.byteLength },
    ]),
  );
  zip.writeUInt16LE(4, zip.byteLength - 2);
  expect(valuesOf(Buffer.concat([zip, Buffer.from("word")])).map(([name, , , values]) => [name, values])).toEqual([
    ["a", [7, 8]],
    ["b", [7, 8]],
  ]);
});

test("arrays are unpacked one by one: what others hold does not matter, and folders are none", () => {
  const archive = openNpz(
    memoryRange(
      zipOf([
        { name: "b/", content: new Uint8Array(0) },
        { name: "b/a.npy", content: array },
        { name: "notes.txt", content: Buffer.from("hello, world") },
        { name: "packed.npy", content: array, method: 14 },
      ]),
    ),
  );
  expect(archive.names).toEqual(["b/a", "notes.txt", "packed"]);
  expect([...(archive.array("b/a")?.data.read() ?? [])]).toEqual([1, 2, 3]);
  expect(archive.array("a")).toBeUndefined();
  expect(() => archive.array("packed")).toThrow("method 14");
});

test("an array without elements has the checksum of its header", async () => {
  const empty: NpySource = { dtype: "f32", shape: [0, 3], data: new Uint8Array(new ArrayBuffer(0)) };
  const archive = openNpz(memoryRange(await joined(npzChunks(new Map([["empty", empty]])))));
  archive.checkSum("empty");
  expect(archive.array("empty")?.shape).toEqual([0, 3]);
});

test("the checksum of a stored array is checked on demand", () => {
  const content = Buffer.from(array);
  content[content.byteLength - 1] = 9;
  const archive = openNpz(
    memoryRange(
      zipOf([
        { name: "bad.npy", content, crc: crc32(array) },
        { name: "good.npy", content: array },
      ]),
    ),
  );
  expect([...(archive.array("bad")?.data.read() ?? [])]).toEqual([1, 2, 9]);
  archive.checkSum("good");
  expect(() => archive.checkSum("bad")).toThrow('Entry "bad.npy" has another checksum');
});

test("stored arrays behind 4 GiB are read by range", async () => {
  const path = join(newFolder(), "big.npz");
  const size = 2 ** 32 + 10;
  const big: NpySource = { dtype: "u8", shape: [size], data: [] };
  const head = Buffer.concat([...(await firstChunks(npzChunks(new Map([["big", big]])), 2))]);
  const small = await joined(npzChunks(new Map([["small", u8(5)]])));
  const descriptor = openSync(path, "w");
  writeSync(descriptor, head);
  const end = head.byteLength + size;
  writeSync(descriptor, small, 0, small.byteLength, end);
  const directory = zip64Directory([
    { name: "big.npy", offset: 0, size: size + 128 },
    { name: "small.npy", offset: end, size: 129 },
  ]);
  const last = end + small.byteLength;
  writeSync(descriptor, Buffer.concat([directory, zip64End(2, directory.byteLength, last)]), 0, undefined, last);
  writeSync(descriptor, Uint8Array.of(9), 0, 1, end - 1);
  ftruncateSync(descriptor, last + directory.byteLength + 98);
  closeSync(descriptor);
  const pool = new FilePool();
  const arrays = readNpz(pool.open(path));
  expect(arrays.get("big")?.shape).toEqual([size]);
  expect([...(arrays.get("big")?.data.read(size - 2, size) ?? [])]).toEqual([0, 9]);
  expect([...(arrays.get("small")?.data.read() ?? [])]).toEqual([5]);
  pool.close();
});

async function firstChunks(chunks: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array[]> {
  const first: Uint8Array[] = [];
  for await (const chunk of chunks) {
    first.push(chunk);
    if (first.length === count) break;
  }
  return first;
}

function zip64Directory(entries: readonly { name: string; offset: number; size: number }[]): Buffer {
  return Buffer.concat(
    entries.map(({ name, offset, size }) => {
      const fixed = Buffer.alloc(46);
      fixed.write("PK\x01\x02", "latin1");
      for (const at of [20, 24, 42]) fixed.writeUInt32LE(0xffffffff, at);
      fixed.writeUInt16LE(name.length, 28);
      fixed.writeUInt16LE(28, 30);
      const extra = Buffer.alloc(28);
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      for (const [i, value] of [size, size, offset].entries()) extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
      return Buffer.concat([fixed, Buffer.from(name), extra]);
    }),
  );
}

function zip64End(count: number, byteLength: number, offset: number): Buffer {
  const end = Buffer.alloc(98);
  end.write("PK\x06\x06", 0, "latin1");
  for (const [at, value] of [
    [24, count],
    [32, count],
    [40, byteLength],
    [48, offset],
  ] as const)
    end.writeBigUInt64LE(BigInt(value), at);
  end.write("PK\x06\x07", 56, "latin1");
  end.writeBigUInt64LE(BigInt(offset + byteLength), 64);
  end.write("PK\x05\x06", 76, "latin1");
  for (const at of [84, 86]) end.writeUInt16LE(0xffff, at);
  for (const at of [88, 92]) end.writeUInt32LE(0xffffffff, at);
  return end;
}

const array = await npyBytes(u8(1, 2, 3));
const zeros = await npyBytes({ dtype: "u8", shape: [4_000_000], data: new Uint8Array(4_000_000) });
const entry = { name: "a.npy", content: array };
const packed = { name: "a.npy", content: deflateRawSync(array), method: 8, crc: crc32(array), sizeBytes: array.byteLength };
const extras: readonly (readonly [string, Uint8Array, RegExp])[] = [
  ["nothing in it", new Uint8Array(0), /NPZ-STRUCTURE: .* no end of a zip archive/],
  ["no directory", Buffer.from("x".repeat(100)), /no end of a zip archive/],
  [
    "a bomb of zeros",
    zipOf([{ name: "a.npy", content: deflateRawSync(zeros), method: 8, crc: crc32(zeros), sizeBytes: zeros.byteLength }]),
    /NPZ-LIMIT: .* the limit is a ratio of 200/,
  ],
  ["a declared size of 4 GB", zipOf([{ ...packed, sizeBytes: 4_000_000_000 }]), /NPZ-LIMIT: .* unpacks to 4000000000 bytes/],
  ["more data than declared", zipOf([{ ...packed, sizeBytes: 10 }]), /NPZ-CONTENT: .* cannot be unpacked to 10 bytes/],
  ["less data than declared", zipOf([{ ...packed, sizeBytes: 1000 }]), /unpacks to 131 bytes; expected 1000/],
  ["a wrong checksum", zipOf([{ ...packed, crc: 1 }]), /another checksum/],
  ["damaged deflate data", zipOf([{ ...packed, content: Buffer.alloc(50, 0xff) }]), /cannot be unpacked/],
  ["a stored entry of two sizes", zipOf([{ ...entry, sizeBytes: 5 }]), /stored in another size/],
  ["an unknown method", zipOf([{ ...entry, method: 14 }]), /method 14; expected 0 \(stored\) or 8/],
  ["encryption", zipOf([{ ...entry, flags: 1 }]), /is encrypted/],
  ["an entry outside the file", zipOf([{ ...entry, offset: 0xfffffffe }]), /entry is outside the file/],
  ["an entry that is cut", zipOf([{ ...entry, packedBytes: 100_000, sizeBytes: 100_000 }]), /entry is cut short/],
  ["an entry in the middle of another", zipOf([entry, { ...entry, name: "b.npy", offset: 1 }]), /there is no entry/],
  ["two entries of the same bytes", zipOf([entry, { ...entry, name: "b.npy", offset: 0 }]), /two entries overlap/],
  ["a name twice", zipOf([entry, entry]), /Entry "a.npy" occurs twice/],
  ["a name twice, once without its ending", zipOf([entry, { ...entry, name: "a" }]), /occurs twice/],
  ["a file that is no array", zipOf([{ name: "a.txt", content: Buffer.from("hello, world") }]), /NPY-HEADER/],
  ["zip64 sizes that are missing", zipOf([{ ...entry, packedBytes: 0xffffffff, sizeBytes: 0xffffffff }]), /lacks its zip64 sizes/],
];

test.each(extras)("an archive with %s is refused", (_, bytes, message) => {
  expect(errorOf(bytes)).toMatch(message);
});

test("the limits can be raised", () => {
  const bomb = zipOf([{ name: "a.npy", content: deflateRawSync(zeros), method: 8, crc: crc32(zeros), sizeBytes: zeros.byteLength }]);
  expect(readNpz(memoryRange(bomb), { ratio: 2000 }).get("a")?.shape).toEqual([4_000_000]);
});

test("an archive that is cut or has a flipped bit anywhere ends in a coded error or is accepted", async () => {
  const arrays = new Map([
    ["a", u8(1, 2, 3)],
    ["b", u8(4)],
  ]);
  for (const whole of [await joined(npzChunks(arrays)), Buffer.from(zipOf([entry, { ...packed, name: "b.npy" }]))]) {
    for (let end = 0; end < whole.byteLength; end += 1) expect(errorOf(whole.subarray(0, end))).toMatch(/^VX-IMPORT-NPZ-/);
    for (let bit = 0; bit < whole.byteLength * 8; bit += 3) {
      const mutant = Uint8Array.from(whole);
      mutant[bit >> 3] = (mutant[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(errorOf(mutant)).toMatch(/^(VX-IMPORT-|no error)/);
    }
  }
});

test("an array too long to be deflated is refused, and so is a name too long for a zip file", async () => {
  const big: NpySource = { dtype: "u8", shape: [2 ** 31], data: [] };
  await expect(joined(npzChunks(new Map([["a", big]]), { deflate: true }))).rejects.toMatchObject({ code: "VX-EMIT-NPZ-ENTRY" });
  await expect(joined(npzChunks(new Map([["x".repeat(70_000), u8(1)]])))).rejects.toMatchObject({ code: "VX-EMIT-NPZ-ENTRY" });
});
