import { VxError } from "@vlm-export/ir";
import { recipeEncoding, recipeSize } from "../errors.js";

/** Largest recipe in bytes. */
export const MAX_RECIPE_BYTES: number = 1 << 20;

/** The recipe as text without byte order mark; a lone carriage return ends a line, as in YAML 1.2. Throws VX-RECIPE-SIZE or VX-RECIPE-ENCODING; UTF-16 and UTF-32 are named. */
export function readText(source: string | Uint8Array, file: string): string {
  const size = typeof source === "string" ? source.length : source.byteLength;
  if (size > MAX_RECIPE_BYTES) throw new VxError(recipeSize({ file }, `the recipe has ${size} bytes; the limit is ${MAX_RECIPE_BYTES}.`));
  const text = typeof source === "string" ? source : decode(source, file);
  const nul = text.indexOf("\0");
  if (nul >= 0)
    throw new VxError(recipeEncoding({ file }, `the recipe holds a NUL character at offset ${nul}; it is binary or UTF-16 without mark.`));
  return text.replace(/^\uFEFF/, "").replaceAll(/\r(?!\n)/g, "\n");
}

function decode(bytes: Uint8Array, file: string): string {
  const [a, b, c, d] = bytes;
  const wide = a === 0xff && b === 0xfe ? (c === 0 && d === 0 ? "UTF-32" : "UTF-16") : a === 0xfe && b === 0xff ? "UTF-16" : undefined;
  if (wide) throw new VxError(recipeEncoding({ file }, `the recipe is ${wide} text.`));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new VxError(recipeEncoding({ file }, `the recipe is not UTF-8: invalid byte sequence near offset ${firstInvalid(bytes)}.`), {
      cause,
    });
  }
}

/** Offset up to which the bytes decode, by bisection. */
function firstInvalid(bytes: Uint8Array): number {
  let [good, bad] = [0, bytes.byteLength];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    // The stream option forgives a sequence that is merely cut off by the slice.
    if (decodes(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
