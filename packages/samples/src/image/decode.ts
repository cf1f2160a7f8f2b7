import { calFile, calImage, calImageDecoder, type SamplePlace } from "../errors.js";
import { readBytes } from "../read-bytes.js";
import { MAX_PIXELS, type Pixels } from "./pixels.js";
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
  if (!isPng(bytes)) return decodeBySharp(bytes, path, place);
  try {
    return { pixels: decodePng(bytes), decoder: "png" };
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw calImage(place, path, cause.message, cause);
  }
}

/** Embedded color profiles and orientation marks are ignored, as by the usual Python image processors. */
async function decodeBySharp(bytes: Uint8Array, path: string, place: SamplePlace): Promise<DecodedImage> {
  const sharp = await loadSharp(path, place);
  try {
    const image = sharp.default(bytes, { limitInputPixels: MAX_PIXELS, failOn: "error", ignoreIcc: true });
    const { data, info } = await image.removeAlpha().toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    if (channels !== 1 && channels !== 3) throw new Error(`it has ${channels} channels`);
    return {
      pixels: { width, height, channels, data },
      decoder: `sharp ${sharp.default.versions.sharp} (libvips ${sharp.default.versions.vips})`,
    };
  } catch (cause) {
    throw calImage(place, path, cause instanceof Error ? (cause.message.split("\n")[0] as string) : String(cause), cause);
  }
}

async function loadSharp(path: string, place: SamplePlace): Promise<typeof import("sharp")> {
  try {
    return await import("sharp");
  } catch (cause) {
    throw calImageDecoder(place, path, cause);
  }
}
