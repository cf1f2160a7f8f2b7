import { crc32 } from "node:zlib";

/** What the header of a PNG says. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGB + alpha. */
  readonly colorType: 0 | 2 | 3 | 4 | 6;
  readonly interlaced: boolean;
}

/** The parts of a PNG that matter for its pixels. */
export interface PngParts {
  readonly header: PngHeader;
  /** RGB triples of the palette. */
  readonly palette: Uint8Array;
  /** The zlib stream, whole. */
  readonly packed: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const DEPTHS: Readonly<Record<number, readonly number[]>> = { 0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16] };

export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/** Walks the chunks, checking lengths and checksums. Throws SyntaxError with the reason. */
export function readChunks(bytes: Uint8Array): PngParts {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  let palette = new Uint8Array(0);
  const packed: Uint8Array[] = [];
  for (let at = 8; ; ) {
    if (at + 12 > view.length) throw new SyntaxError("the file ends before the end mark");
    const length = view.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > view.length) throw new SyntaxError(`a part of ${length} bytes at offset ${at} reaches past the end of the file`);
    const type = view.toString("latin1", at + 4, at + 8);
    if (crc32(view.subarray(at + 4, end - 4)) !== view.readUInt32BE(end - 4))
      throw new SyntaxError(`part ${type} at offset ${at} has a wrong checksum`);
    const body = view.subarray(at + 8, end - 4);
    if (!header && type !== "IHDR") throw new SyntaxError("the header is not the first part");
    if (type === "IHDR") header = readHeader(body);
    else if (type === "PLTE") palette = new Uint8Array(body);
    else if (type === "IDAT") packed.push(body);
    else if (type === "IEND") return { header: header as PngHeader, palette, packed: Buffer.concat(packed) };
    at = end;
  }
}

function readHeader(body: Buffer): PngHeader {
  if (body.length !== 13) throw new SyntaxError(`the header has ${body.length} bytes, expected 13`);
  const [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
  const [depth, colorType, compression, filter, interlace] = body.subarray(8) as unknown as [number, number, number, number, number];
  if (width === 0 || height === 0) throw new SyntaxError(`the picture is ${width} × ${height}`);
  if (!DEPTHS[colorType]?.includes(depth)) throw new SyntaxError(`color type ${colorType} with depth ${depth} is not defined`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw new SyntaxError("unknown compression, filter or interlace method");
  return { width, height, depth: depth as PngHeader["depth"], colorType: colorType as PngHeader["colorType"], interlaced: interlace === 1 };
}
