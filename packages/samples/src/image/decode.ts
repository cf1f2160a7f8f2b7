import { calFile, calImage, calImageDecoder, type SamplePlace } from "../errors.js";
import { readBytes } from "../read-bytes.js";
import { MAX_PIXELS, type Pixels, rgbOfCmyk } from "./pixels.js";
import { decodePng } from "./png.js";
import { isPng } from "./png-chunks.js";

const MAX_FILE_BYTES = 512 << 20;

/** A decoded picture and the name and version of what decoded it. */
export interface DecodedImage {
  readonly pixels: Pixels;
  readonly decoder: string;
}

/** Decodes a picture file: PNG here, everything else by the optional package sharp. Throws VX-CAL-FILE, VX-CAL-IMAGE, VX-CAL-IMAGE-DECODER. */
export async function decodeImage(path: string, place: SamplePlace): Promise<DecodedImage> {
  const bytes = await readBytes(path, MAX_FILE_BYTES, (reason, cause) => calFile(place, path, reason, cause));
  if (bytes.length === 0) throw calImage(place, path, "the file is empty");
  if (!isPng(bytes)) return decodeBySharp(bytes, path, place);
  try {
    return { pixels: decodePng(bytes), decoder: "png" };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw calImage(place, path, cause.message, cause);
  }
}

async function decodeBySharp(bytes: Uint8Array, path: string, place: SamplePlace): Promise<DecodedImage> {
  const sharp = await loadSharp(path, place);
  try {
    return {
      pixels: await pixelsBySharp(sharp, bytes),
      decoder: `sharp ${sharp.default.versions.sharp} (libvips ${sharp.default.versions.vips})`,
    };
  } catch (cause) {
    throw calImage(place, path, reasonOfSharp(cause), cause);
  }
}

type Sharp = typeof import("sharp");

/** Embedded color profiles and orientation marks are ignored, as by the usual Python image processors. */
async function pixelsBySharp(sharp: Sharp, bytes: Uint8Array): Promise<Pixels> {
  const image = sharp.default(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true });
  const isCmyk = (await image.metadata()).space === "cmyk";
  const asked = isCmyk ? image.pipelineColourspace("cmyk").toColourspace("cmyk") : image.removeAlpha().toColourspace("srgb");
  const { data, info } = await asked.raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (isCmyk && channels === 4) return { width, height, channels: 3, data: rgbOfCmyk(data) };
  if (channels !== 1 && channels !== 3) throw new Error(`it has ${channels} channels`);
  return { width, height, channels, data };
}

function reasonOfSharp(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message.includes("unsupported image format")) return "it is no PNG, JPEG, WebP, GIF, TIFF, AVIF or SVG";
  return cause.message.split("\n")[0] as string;
}

async function loadSharp(path: string, place: SamplePlace): Promise<Sharp> {
  try {
    return await import("sharp");
  } catch (cause) {
    throw calImageDecoder(place, path, cause);
  }
}
