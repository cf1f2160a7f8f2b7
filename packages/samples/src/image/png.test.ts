import { deflateSync, crc32 } from "node:zlib";
import { encode } from "fast-png";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodePng } from "./png.js";

function chunk(type: string, body: Uint8Array): Buffer {
  const head = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  crc.writeUInt32BE(crc32(head));
  return Buffer.concat([length, head, crc]);
}

interface Raw {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colorType: number;
  readonly interlace?: number;
  readonly rows: readonly number[];
  readonly palette?: readonly number[];
}

/** A PNG whose filtered rows are given byte by byte. */
function png({ width, height, depth, colorType, interlace = 0, rows, palette }: Raw): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colorType, 0, 0, interlace], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    ...(palette ? [chunk("PLTE", Buffer.from(palette))] : []),
    chunk("IDAT", deflateSync(Buffer.from(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

test("decoding undoes encoding, for gray, gray + alpha, RGB and RGBA of 8 and 16 bits", () => {
  const image = fc.record({
    width: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 7 }),
    channels: fc.constantFrom(1, 2, 3, 4),
    depth: fc.constantFrom(8 as const, 16 as const),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(image, ({ width, height, channels, depth, seed }) => {
      const count = width * height * channels;
      const values = Array.from({ length: count }, (_, i) => (Math.imul(i + 1, seed + 2654435761) >>> 8) % (depth === 8 ? 256 : 65536));
      const decoded = decodePng(
        encode({ width, height, channels, depth, data: depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values) }),
      );
      const kept = channels <= 2 ? 1 : 3;
      const expected = values.filter((_, i) => i % channels < kept).map((value) => (depth === 8 ? value : value >> 8));
      expect([decoded.width, decoded.height, decoded.channels, [...decoded.data]]).toEqual([width, height, kept, expected]);
    }),
  );
});

test.each([
  ["none", [0, 10, 20, 30, 0, 1, 2, 3], [10, 20, 30, 1, 2, 3]],
  ["left", [1, 10, 20, 30, 1, 1, 2, 3], [10, 30, 60, 1, 3, 6]],
  ["up", [0, 10, 20, 30, 2, 1, 2, 3], [10, 20, 30, 11, 22, 33]],
  ["average", [0, 10, 20, 30, 3, 1, 2, 3], [10, 20, 30, 6, 15, 25]],
  ["Paeth", [0, 10, 20, 30, 4, 1, 2, 3], [10, 20, 30, 11, 22, 33]],
])("row filter %s", (_, rows, expected) => {
  expect([...decodePng(png({ width: 3, height: 2, depth: 8, colorType: 0, rows })).data]).toEqual(expected);
});

test("samples of 1, 2 and 4 bits spread over 0 to 255, palettes are looked up", () => {
  expect([...decodePng(png({ width: 9, height: 1, depth: 1, colorType: 0, rows: [0, 0b10100000, 0x80] })).data]).toEqual([
    255, 0, 255, 0, 0, 0, 0, 0, 255,
  ]);
  expect([...decodePng(png({ width: 3, height: 1, depth: 2, colorType: 0, rows: [0, 0b00_01_11_00] })).data]).toEqual([0, 85, 255]);
  expect([...decodePng(png({ width: 2, height: 1, depth: 4, colorType: 3, rows: [0, 0x10], palette: [1, 2, 3, 4, 5, 6] })).data]).toEqual([
    4, 5, 6, 1, 2, 3,
  ]);
});

test("indices without a palette are refused, not taken for black", () => {
  expect(() => decodePng(png({ width: 2, height: 1, depth: 4, colorType: 3, rows: [0, 0x10] }))).toThrow("no palette for its indices");
});

test("the seven passes of an interlaced picture land where they belong", () => {
  // 8 × 8 gray, pixel value = its pass; each pass row has filter 0.
  const passes = [
    [1, 1, 1],
    [1, 1, 2],
    [2, 1, 3],
    [2, 2, 4],
    [4, 2, 5],
    [4, 4, 6],
    [8, 4, 7],
  ] as const;
  const rows = passes.flatMap(([width, height, value]) =>
    Array.from({ length: height }, () => [0, ...Array<number>(width).fill(value)]).flat(),
  );
  const { data } = decodePng(png({ width: 8, height: 8, depth: 8, colorType: 0, interlace: 1, rows }));
  expect([...data.subarray(0, 8)]).toEqual([1, 6, 4, 6, 2, 6, 4, 6]);
  expect([...data.subarray(8, 16)]).toEqual(Array(8).fill(7));
  expect([...data.subarray(32, 40)]).toEqual([3, 6, 4, 6, 3, 6, 4, 6]);
});

test("a bomb is refused by its header, and packed pixels beyond the header's size are not unpacked", () => {
  expect(() => decodePng(png({ width: 60000, height: 60000, depth: 8, colorType: 0, rows: [] }))).toThrow("more than 100000000 pixels");
  expect(() => decodePng(png({ width: 2, height: 2, depth: 8, colorType: 0, rows: Array(5_000_000).fill(0) }))).toThrow(
    "damaged or more than 6 bytes",
  );
});

test("every mutant is decoded or refused with a SyntaxError", () => {
  const whole = png({
    width: 5,
    height: 3,
    depth: 8,
    colorType: 2,
    rows: Array.from({ length: 48 }, (_, i) => (i % 16 === 0 ? (i / 16) % 5 : i)),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 3 }), fc.nat(whole.length), (edits, cut) => {
      const mutant = new Uint8Array(whole);
      for (const [at, byte] of edits) mutant[at] = byte;
      try {
        decodePng(cut % 3 === 0 ? mutant.subarray(0, cut) : mutant);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 500 },
  );
});
