import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryRange, windowsOf } from "./byte-range.js";
import { codeOf } from "./temporary-folder.fixture.js";

test("windows joined are the whole range, whatever their size", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.integer({ min: 1, max: 70 }), (bytes, windowBytes) => {
      expect([...windowsOf(memoryRange(bytes), windowBytes)].flatMap((part) => [...part])).toEqual([...bytes]);
    }),
  );
});

test("a slice reads what the whole reads there, aligned to 8 bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const [begin, end] = [a % bytes.length, b % bytes.length].sort((x, y) => x - y) as [number, number];
      const part = memoryRange(bytes).slice(begin, end).read();
      expect(part).toEqual(bytes.subarray(begin, end));
      expect(part.byteOffset % 8).toBe(0);
      const target = new Uint8Array(end - begin);
      memoryRange(bytes).readInto(target, begin);
      expect(target).toEqual(part);
    }),
  );
});

test.each([
  [-1, 2],
  [0, 9],
  [3, 2],
  [0.5, 2],
  [0, Number.NaN],
  [0, Number.POSITIVE_INFINITY],
])("bytes %d to %d of 8 are refused before memory is taken", (begin, end) => {
  const range = memoryRange(new Uint8Array(8));
  for (const act of [() => range.read(begin, end), () => range.slice(begin, end)]) {
    expect(codeOf(act)).toBe("FormatError VX-IMPORT-FILE-RANGE");
    expect(act).toThrow(/outside the 8 bytes/);
  }
});
