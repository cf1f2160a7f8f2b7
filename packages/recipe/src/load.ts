import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import { renameAliases } from "./alias-words.js";
import { beside } from "./beside.js";
import { buildRecipe } from "./build.js";
import type { Layer } from "./layer.js";
import { type Place, recipeCycle, recipeExtends, recipeFile } from "./errors.js";
import { listOf } from "./match/matcher.js";
import { isPreset, presetName, PRESETS, presetUrl } from "./presets.js";
import type { Recipe } from "./recipe-types.js";
import { tooLong, unreadable } from "./read-errors.js";
import { didYouMean, nearest } from "./suggest.js";
import { validated } from "./validate.js";
import { parseYaml } from "./yaml/document.js";
import { MAX_RECIPE_BYTES, readText } from "./yaml/read-text.js";

const MAX_SOURCES = 64;

/**
 * Reads a recipe with everything that it extends. `source` is `preset:NAME` or a path. Throws a VxError with all findings,
 * each with file, line and column.
 */
export async function loadRecipe(source: string): Promise<Recipe> {
  const place = { file: source };
  return parseRecipe(await read(source, place), { file: source });
}

/** Like {@link loadRecipe} for text at hand; `file` is what messages name and what relative paths start from. */
export async function parseRecipe(text: string | Uint8Array, options: { readonly file: string }): Promise<Recipe> {
  const layers: Layer[] = [];
  await collect({ text, file: options.file, named: path.basename(options.file), chain: [] }, layers);
  return buildRecipe(layers);
}

interface Open {
  readonly text: string | Uint8Array;
  readonly file: string;
  readonly named: Layer["named"];
  /** Files from the user's recipe down to this one. */
  readonly chain: readonly string[];
}

/** Adds the bases, then the file itself; a base that several files extend is taken once. */
async function collect({ text, file, named, chain }: Open, layers: Layer[]): Promise<void> {
  const document = parseYaml(readText(text, file), file);
  const warnings: readonly Diagnostic[] = renameAliases(document);
  const recipe = validated(document);
  const { positions } = document;
  const inner = [...chain, file];
  const bases = recipe.extends === undefined ? [] : listOf(recipe.extends);
  for (const [i, base] of bases.entries()) {
    const place = positions.of(Array.isArray(recipe.extends) ? ["extends", i] : ["extends"]);
    const next = resolveBase(base, file, place);
    if (inner.some((open) => sameSource(open, next))) throw new VxError(recipeCycle(place, [...inner, next]));
    if (layers.some((layer) => sameSource(layer.file, next))) continue;
    if (layers.length >= MAX_SOURCES)
      throw new VxError(recipeExtends(place, `more than ${MAX_SOURCES} recipes extend each other.`, "Merge some of them."));
    await collect({ text: await read(next, place), file: next, named: besideRecipe(named, base), chain: inner }, layers);
  }
  layers.push({ file, named, fromPreset: isPreset(file), recipe, positions, warnings });
}

function sameSource(a: string, b: string): boolean {
  return a === b || (!isPreset(a) && !isPreset(b) && path.resolve(a) === path.resolve(b));
}

function resolveBase(base: string, file: string, place: Place): string {
  if (isPreset(base)) return base;
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(base))
    throw new VxError(
      recipeExtends(place, `extends ${JSON.stringify(base)} is a URL; only files are read.`, "Fetch the file and name it."),
    );
  const isPath = /^\.{0,2}[/\\]/.test(base) || path.isAbsolute(base) || /\.ya?ml$/i.test(base);
  if (!isPath) throw new VxError(noPath(base, place));
  if (isPreset(file))
    throw new VxError(recipeExtends(place, "a preset extends a file.", "This is a fault of the preset: install the tool again."));
  return beside(file, base);
}

function noPath(base: string, place: Place): Diagnostic {
  const name = base.replace(/^preset:/i, "");
  const file = path.extname(base) === "" ? `./${base}.yaml` : `./${base}`;
  const preset = `preset:${nearest(name, Object.keys(PRESETS)) ?? "NAME"}`;
  return recipeExtends(
    place,
    `extends ${JSON.stringify(base)} looks like an npm package, which is not executed by this version.`,
    name === base ? `Write ${preset} for a preset or ${file} for a file.` : `Write ${preset}.`,
  );
}

function besideRecipe(named: string, base: string): string {
  return isPreset(base) ? base : beside(named, base);
}

async function read(source: string, place: Place): Promise<Uint8Array> {
  const target = isPreset(source) ? presetPath(presetName(source), place) : source;
  try {
    const facts = await stat(target);
    if (!facts.isFile()) throw new VxError(recipeFile(place, source, "it is not a file", "Name a YAML file, or preset:NAME."));
    if (facts.size > MAX_RECIPE_BYTES) throw new VxError(tooLong(place, source, facts.size));
    return await readFile(target);
  } catch (cause) {
    if (cause instanceof VxError) throw cause;
    throw new VxError(unreadable(place, source, cause), { cause });
  }
}

function presetPath(name: string, place: Place): string {
  const names = Object.keys(PRESETS);
  if (!names.includes(name))
    throw new VxError(
      recipeExtends(place, `there is no preset ${JSON.stringify(name)}.`, `${didYouMean(name, names)}Presets: ${names.join(", ")}.`),
    );
  return fileURLToPath(presetUrl(name));
}
