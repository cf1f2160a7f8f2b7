import fc from "fast-check";
import { expect, test } from "vitest";
import { FormatError, memoryRange } from "../files/index.js";
import { codeOf } from "../files/temporary-folder.fixture.js";
import { NPY_DATA_TYPES } from "./dtypes.js";
import { readNpy } from "./read-npy.js";
import { type NpySource, npyFile } from "./write-npy.js";

async function bytesOf(source: NpySource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of npyFile(source).chunks()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** A .npy file with this header text and data. */
function npyOf(dict: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const length = version === 1 ? Buffer.alloc(2) : Buffer.alloc(4);
  length.writeUIntLE(dict.length, 0, length.byteLength);
  return new Uint8Array(
    Buffer.concat([Buffer.from(`\x93NUMPY${String.fromCharCode(version)}\0`, "latin1"), length, Buffer.from(dict, "latin1"), data]),
  );
}

function errorOf(bytes: Uint8Array): string {
  try {
    readNpy(memoryRange(bytes)).data.read();
  } catch (error) {
    if (error instanceof FormatError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "no error";
}

test("arrays of every type and shape are read as they were written", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...NPY_DATA_TYPES),
      fc.array(fc.nat(4), { maxLength: 4 }),
      fc.infiniteStream(fc.nat(255)),
      async (type, shape, values) => {
        const byteLength = shape.reduce((product, extent) => product * extent, type.bytes);
        const data = Uint8Array.from({ length: byteLength }, () => values.next().value ?? 0);
        const bytes = await bytesOf({ dtype: type.dtype, shape, data });
        const array = readNpy(memoryRange(bytes));
        expect([array.dtype, array.shape, [...array.data.read()]]).toEqual([type.dtype, shape, [...data]]);
        expect((bytes.byteLength - byteLength) % 64).toBe(0);
        expect(npyFile({ dtype: type.dtype, shape, data }).byteLength).toBe(bytes.byteLength);
      },
    ),
  );
});

test("the header is what NumPy 2 writes for the same array", async () => {
  const bytes = await bytesOf({ dtype: "f32", shape: [2, 3], data: new Uint8Array(24) });
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  expect(Buffer.from(bytes.subarray(0, 128)).toString("latin1")).toBe(`\x93NUMPY\x01\x00\x76\x00${header.padEnd(117)}\n`);
});

test("column-major arrays are read row by row", () => {
  const data = Uint8Array.of(1, 4, 2, 5, 3, 6);
  const array = readNpy(memoryRange(npyOf("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", data)));
  expect([...array.data.read()]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...array.data.slice(1, 5).read(1)]).toEqual([3, 4, 5]);
});

test("column-major order is undone for every shape", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }), (shape) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      const data = new Uint16Array(count);
      for (let row = 0; row < count; row += 1) data[columnOffset(row, shape)] = row;
      const dict = `{'descr': '<u2', 'fortran_order': True, 'shape': (${shape.join(",")},), }`;
      const { data: range } = readNpy(memoryRange(npyOf(dict, new Uint8Array(data.buffer))));
      const bytes = range.read();
      expect([...new Uint16Array(bytes.buffer, bytes.byteOffset, count)]).toEqual([...Array(count).keys()]);
    }),
  );
});

/** Where the element with this row-major number lies in column-major order. */
function columnOffset(row: number, shape: readonly number[]): number {
  let rest = row;
  const index = shape.toReversed().map((extent) => {
    const at = rest % extent;
    rest = Math.floor(rest / extent);
    return at;
  });
  return index.toReversed().reduce((sum, at, axis) => sum + at * shape.slice(0, axis).reduce((a, b) => a * b, 1), 0);
}

test("big-endian elements are turned around, at any range", () => {
  const data = Uint8Array.from({ length: 16 }, (_, i) => i);
  const { data: range } = readNpy(memoryRange(npyOf("{'descr': '>f4', 'fortran_order': False, 'shape': (4,)}", data)));
  const whole = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
  fc.assert(
    fc.property(fc.nat(16), fc.nat(16), (a, b) => {
      const [begin, end] = a < b ? [a, b] : [b, a];
      expect([...range.read(begin, end)]).toEqual(whole.slice(begin, end));
      expect([...range.slice(begin, end).read()]).toEqual(whole.slice(begin, end));
    }),
  );
  const { data: complex } = readNpy(memoryRange(npyOf("{'descr': '>c8', 'fortran_order': False, 'shape': (2,)}", data)));
  expect([...complex.read()]).toEqual(whole);
});

test.each([2, 3])("format version %d is read", (version) => {
  const dict = "{'shape': (), 'fortran_order': False, 'descr': '|b1'}";
  expect(readNpy(memoryRange(npyOf(dict, Uint8Array.of(1), version)))).toMatchObject({ dtype: "bool", shape: [] });
});

const DICT = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }";
test.each([
  ["no magic", Uint8Array.from(Buffer.from("PK\x03\x04 and so on")), /NPY-HEADER: .* does not start with the mark of NumPy/],
  ["an unknown version", npyOf(DICT, new Uint8Array(4), 9), /format version 9/],
  ["a header that is cut", npyOf(DICT).subarray(0, 40), /is cut short/],
  ["a header of 1 GB", Uint8Array.from([...Buffer.from("\x93NUMPY\x02\x00", "latin1"), 0, 0, 0, 64]), /is 1073741824 bytes long/],
  ["data that is cut", npyOf(DICT, new Uint8Array(3)), /NPY-SIZE: .* asks for 4 bytes of data; the file has 3/],
  ["data that is too long", npyOf(DICT, new Uint8Array(5)), /the file has 5/],
  ["a shape beyond the file", npyOf(DICT.replace("(1,)", "(9000000000000000, 9000000000000000)")), /NPY-SIZE/],
  ["a negative extent", npyOf(DICT.replace("(1,)", "(-1,)")), /NPY-HEADER/],
  ["65 dimensions", npyOf(DICT.replace("(1,)", `(${"1,".repeat(65)})`)), /more than 64 dimensions/],
  ["an extent of 20 digits", npyOf(DICT.replace("1,", "99999999999999999999,")), /no tuple of extents/],
  ["objects", npyOf(DICT.replace("<f4", "|O")), /NPY-DTYPE: .* "\|O"/],
  ["text", npyOf(DICT.replace("<f4", "<U5")), /NPY-DTYPE/],
  ["records", npyOf(DICT.replace("'<f4'", "[('a', '<f4')]")), /NPY-DTYPE/],
  ["nested records", npyOf(DICT.replace("'<f4'", "[('a', '<f4', (2,)), ('b', [('c', '<i2')])]")), /NPY-DTYPE: .*NumPy type "\[\('a'/],
  ["a key twice", npyOf(DICT.replace("}", "'descr': '<f8', }")), /is not a dict of/],
  ["a foreign key", npyOf(DICT.replace("}", "'x': True, }")), /is not a dict of/],
  ["a missing key", npyOf("{'descr': '<f4', 'shape': (1,), }"), /is not a dict of/],
  ["code", npyOf("{'descr': __import__('os').system('x'), 'fortran_order': False, 'shape': (1,), }"), /is not a dict of/],
])("an array with %s is refused", (_, bytes, message) => {
  expect(errorOf(bytes)).toMatch(message);
});

test("a header of 60 kB of brackets ends at once", () => {
  expect(errorOf(npyOf(`{${"'shape': (".repeat(6000)}`))).toMatch("VX-IMPORT-NPY-HEADER");
  expect(errorOf(npyOf(`{'shape': (${" ,".repeat(30_000)}`))).toMatch("VX-IMPORT-NPY-HEADER");
});

test("an array cut at any byte is refused", async () => {
  const bytes = await bytesOf({ dtype: "i16", shape: [3], data: new Uint8Array(6) });
  for (let end = 0; end < bytes.length; end += 1) expect(errorOf(bytes.subarray(0, end))).toMatch(/^VX-IMPORT-NPY-/);
});

test("data of another length than the shape is not written", async () => {
  await expect(bytesOf({ dtype: "f32", shape: [2], data: new Uint8Array(7) })).rejects.toMatchObject({ code: "VX-EMIT-NPY-SIZE" });
  await expect(bytesOf({ dtype: "f32", shape: [2], data: [new Uint8Array(7), new Uint8Array(2)] })).rejects.toMatchObject({
    code: "VX-EMIT-NPY-SIZE",
  });
});

test("a type that NumPy lacks is refused with the way out", () => {
  const source = { dtype: "bf16", shape: [1], data: new Uint8Array(2) } as unknown as NpySource;
  expect(codeOf(() => npyFile(source))).toBe("FormatError VX-EMIT-NPY-DTYPE");
  expect(() => npyFile(source)).toThrow('NumPy has no data type for "bf16".');
});
