import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLengthOf, integerRange } from "./dtype.js";
import type { IntegerType } from "./kernels.js";
import { pack, unpack } from "./packing.js";

const storages: readonly IntegerType[] = ["i32", "i16", "i8", "i4", "i2", "u16", "u8", "u4", "u2"];

test("unpack is the inverse of pack for every type and length", () => {
  const codes = fc.constantFrom(...storages).chain((storage) => {
    const [min, max] = integerRange(storage);
    return fc.array(fc.integer({ min, max })).map((codes) => ({ storage, codes }));
  });
  fc.assert(
    fc.property(codes, ({ storage, codes }) => {
      const bytes = pack(codes, storage);
      expect(bytes.length).toBe(byteLengthOf(storage, codes.length));
      expect(Array.from(unpack(bytes, storage, codes.length))).toEqual(codes);
    }),
  );
});

test("element 0 is in the lowest bits, and unused bits are zero", () => {
  expect(Array.from(pack([1, -2, 3], "i4"))).toEqual([0xe1, 0x03]);
  expect(Array.from(pack([1, -2, 0, -1, 1], "i2"))).toEqual([0b11_00_10_01, 0b01]);
  expect(Array.from(pack([-2], "i16"))).toEqual([0xfe, 0xff]);
});

test("a byte array of another length is refused", () => {
  expect(() => unpack(new Uint8Array(3), "i4", 7)).toThrow("The byte array of 7 i4 codes has 3 elements; expected 4.");
});
