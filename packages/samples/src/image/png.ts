import { inflateSync } from "node:zlib";
import { MAX_PIXELS, type Pixels } from "./pixels.js";
import { type PngHeader, type PngParts, readChunks } from "./png-chunks.js";

/** One pass of the picture: all of it, or one of the seven of Adam7. */
interface Pass {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  readonly stepX: number;
  readonly stepY: number;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
/** First column, first row, column step and row step of each pass (PNG specification, 8.2). */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes a PNG to 8-bit gray or RGB: alpha is dropped, palettes are looked up, 16-bit samples keep their high byte. Memory is
 * bounded by what the header says, at most 100 million pixels. Throws SyntaxError with the reason.
 */
export function decodePng(bytes: Uint8Array): Pixels {
  const parts = readChunks(bytes);
  const { header } = parts;
  if (header.colorType === 3 && parts.palette.length === 0) throw new SyntaxError("the picture has no palette for its indices");
  if (header.width * header.height > MAX_PIXELS)
    throw new SyntaxError(`${header.width} × ${header.height} is more than ${MAX_PIXELS} pixels`);
  const passes = header.interlaced ? ADAM7.map((pass) => passOf(header, pass)) : [passOf(header, [0, 0, 1, 1])];
  const filtered = inflate(
    parts.packed,
    passes.reduce((sum, pass) => sum + passBytes(header, pass), 0),
  );
  const channels = header.colorType === 0 || header.colorType === 4 ? 1 : 3;
  const target: Pixels = {
    width: header.width,
    height: header.height,
    channels,
    data: new Uint8Array(header.width * header.height * channels),
  };
  let offset = 0;
  for (const pass of passes) {
    unfilter(filtered, offset, header, pass);
    putPass(filtered, offset, { parts, pass, target });
    offset += passBytes(header, pass);
  }
  return target;
}

function passOf({ width, height }: PngHeader, [x, y, stepX, stepY]: readonly [number, number, number, number]): Pass {
  return { x, y, stepX, stepY, width: Math.max(Math.ceil((width - x) / stepX), 0), height: Math.max(Math.ceil((height - y) / stepY), 0) };
}

function rowBytes({ depth, colorType }: PngHeader, width: number): number {
  return Math.ceil((width * depth * CHANNELS[colorType]) / 8);
}

/** Each row has a filter byte in front; empty passes have no rows at all. */
function passBytes(header: PngHeader, { width, height }: Pass): number {
  return width === 0 ? 0 : height * (1 + rowBytes(header, width));
}

function inflate(packed: Uint8Array, expected: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = inflateSync(packed, { maxOutputLength: Math.max(expected, 1) });
  } catch (cause) {
    throw new SyntaxError(`the packed pixels are damaged or more than ${expected} bytes`, { cause });
  }
  if (bytes.length !== expected) throw new SyntaxError(`the packed pixels are ${bytes.length} bytes, expected ${expected}`);
  return bytes;
}

/** Undoes the row filters of a pass in place (PNG specification, 9.2). */
function unfilter(bytes: Uint8Array, start: number, header: PngHeader, pass: Pass): void {
  if (pass.width === 0) return;
  const stride = 1 + rowBytes(header, pass.width);
  const left = Math.max((header.depth * CHANNELS[header.colorType]) >> 3, 1);
  let above = new Uint8Array(stride - 1);
  for (let y = 0; y < pass.height; y += 1) {
    const at = start + y * stride;
    const filter = FILTERS[bytes[at] as number];
    if (!filter) throw new SyntaxError(`row ${y} has filter ${bytes[at]}, expected 0 to 4`);
    const row = bytes.subarray(at + 1, at + stride);
    filter(row, above, left);
    above = row as Uint8Array<ArrayBuffer>;
  }
}

/** Adds the prediction to each byte of `row`: from the byte `left` before it, the one above, and the one above left. */
type Filter = (row: Uint8Array, above: Uint8Array, left: number) => void;

const FILTERS: readonly Filter[] = [
  () => undefined,
  (row, _, left) => {
    for (let i = left; i < row.length; i += 1) row[i] = (row[i] as number) + (row[i - left] as number);
  },
  (row, above) => {
    for (let i = 0; i < row.length; i += 1) row[i] = (row[i] as number) + (above[i] as number);
  },
  (row, above, left) => {
    for (let i = 0; i < row.length; i += 1) row[i] = (row[i] as number) + (((row[i - left] ?? 0) + (above[i] as number)) >> 1);
  },
  (row, above, left) => {
    for (let i = 0; i < row.length; i += 1)
      row[i] =
        (row[i] as number) +
        (i < left ? (above[i] as number) : paeth(row[i - left] as number, above[i] as number, above[i - left] as number));
  },
];

function paeth(a: number, b: number, c: number): number {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  if (pa <= pb && pa <= pc) return a;
  return pb <= pc ? b : c;
}

interface PassTarget {
  readonly parts: PngParts;
  readonly pass: Pass;
  readonly target: Pixels;
}

function putPass(bytes: Uint8Array, start: number, { parts, pass, target }: PassTarget): void {
  const { header } = parts;
  const stride = 1 + rowBytes(header, pass.width);
  const isPlain = header.depth === 8 && !header.interlaced && header.colorType !== 3 && CHANNELS[header.colorType] === target.channels;
  for (let y = 0; y < pass.height; y += 1) {
    const row = bytes.subarray(start + y * stride + 1, start + (y + 1) * stride);
    if (isPlain) target.data.set(row, y * row.length);
    else putRow(row, y, { parts, pass, target });
  }
}

function putRow(row: Uint8Array, y: number, { parts: { header, palette }, pass, target }: PassTarget): void {
  const samples = CHANNELS[header.colorType];
  const isPalette = header.colorType === 3;
  const scale = header.depth >= 8 ? 1 : 255 / (2 ** header.depth - 1);
  const colorAt = (x: number, k: number): number =>
    isPalette ? (palette[sampleAt(row, x, header.depth) * 3 + k] ?? 0) : sampleAt(row, x * samples + k, header.depth) * scale;
  for (let x = 0; x < pass.width; x += 1) {
    const to = ((pass.y + y * pass.stepY) * target.width + pass.x + x * pass.stepX) * target.channels;
    for (let k = 0; k < target.channels; k += 1) target.data[to + k] = colorAt(x, k);
  }
}

/** Sample `index` of a row; of 16 bits the high byte. */
function sampleAt(row: Uint8Array, index: number, depth: PngHeader["depth"]): number {
  if (depth === 8) return row[index] as number;
  if (depth === 16) return row[index * 2] as number;
  const bit = index * depth;
  return ((row[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
