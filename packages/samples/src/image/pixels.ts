/** A decoded picture: rows of interleaved 8-bit samples. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 = gray, 3 = RGB. */
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Most pixels of a picture that are decoded. */
export const MAX_PIXELS = 100_000_000;

/** The picture in RGB; gray is repeated. */
export function toRgb(pixels: Pixels): Pixels {
  if (pixels.channels === 3) return pixels;
  const data = new Uint8Array(pixels.data.length * 3);
  for (let i = 0; i < data.length; i += 1) data[i] = pixels.data[Math.trunc(i / 3)] as number;
  return { ...pixels, channels: 3, data };
}

/** The picture in gray by ITU-R 601-2 luma in 16-bit fixed point, as Pillow converts RGB to L. */
export function toGray(pixels: Pixels): Pixels {
  if (pixels.channels === 1) return pixels;
  const { data } = pixels;
  const gray = new Uint8Array(data.length / 3);
  for (let i = 0, at = 0; i < gray.length; i += 1, at += 3)
    gray[i] = ((data[at] as number) * 19595 + (data[at + 1] as number) * 38470 + (data[at + 2] as number) * 7471 + 0x8000) >> 16;
  return { ...pixels, channels: 1, data: gray };
}

/** Interleaved cyan, magenta, yellow and black in RGB, by products without a color profile, as Pillow converts CMYK. */
export function rgbOfCmyk(data: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((data.length / 4) * 3);
  for (let at = 0, to = 0; at < data.length; at += 4) {
    const light = 255 - (data[at + 3] as number);
    for (let k = 0; k < 3; k += 1) rgb[to++] = Math.max(light - productOf255(data[at + k] as number, light), 0);
  }
  return rgb;
}

/** a · b / 255, rounded. */
function productOf255(a: number, b: number): number {
  const product = a * b + 128;
  return ((product >> 8) + product) >> 8;
}
