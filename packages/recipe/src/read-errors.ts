import { readdirSync } from "node:fs";
import path from "node:path";
import type { Diagnostic } from "@vlm-export/ir";
import { type Place, recipeFile } from "./errors.js";
import { PRESETS } from "./presets.js";
import { didYouMean, nearest } from "./suggest.js";
import { MAX_RECIPE_BYTES } from "./yaml/read-text.js";

/** A file that is no recipe by its size. */
export function tooLong(place: Place, file: string, sizeBytes: number): Diagnostic {
  const reason = `it has ${sizeBytes} bytes; the limit is ${MAX_RECIPE_BYTES}`;
  return recipeFile(place, file, reason, "A recipe holds rules only; name data and model files in it or on the command line.");
}

/** A file that the system does not give, with the preset or the neighbouring file that was likely meant. */
export function unreadable(place: Place, file: string, cause: unknown): Diagnostic {
  const { code } = cause as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") return recipeFile(place, file, "there is no such file", likelyMeant(file));
  if (code === "EACCES" || code === "EPERM") return recipeFile(place, file, "no permission", "Give yourself the right to read it.");
  return recipeFile(place, file, cause instanceof Error ? cause.message : String(cause), "Copy the file to a local disk and try again.");
}

function likelyMeant(file: string): string {
  const preset = nearest(file, Object.keys(PRESETS));
  if (preset !== undefined) return `Write preset:${preset} for the preset.`;
  const near = didYouMean(path.basename(file), recipesBeside(file)).trim();
  return near || "Check the path, write preset:NAME for a preset, or write a recipe with `vlm-export recipe init MODEL -o FILE`.";
}

function recipesBeside(file: string): readonly string[] {
  try {
    return readdirSync(path.dirname(file)).filter((name) => /\.ya?ml$/i.test(name));
  } catch {
    return [];
  }
}
