import path from "node:path";
import { stringify } from "yaml";
import type { Place } from "./errors.js";
import type { ActivationSettings, Origin, Recipe, RecipeRule, WeightSettings } from "./recipe-types.js";
import { integerRange, wordFor } from "./words.js";

/** One line of an expanded recipe. */
interface Line {
  readonly text: string;
  readonly origin?: Origin | undefined;
}

/** Dotted name below the rule, value, and where a value that is not stated came from. */
type Entry = readonly [key: string, value: unknown, fallback?: Origin];

/**
 * The recipe with its bases merged and every default written out, each line with where it came from. It is a recipe again, in whatever
 * folder: its paths are absolute. Where it names none by a relative path its hash is the same.
 */
export function explainRecipe(recipe: Recipe): string {
  const lines: Line[] = [
    { text: "version: 1" },
    ...modelLines(recipe),
    ...calibrationLines(recipe),
    ...rulesLines(recipe),
    setting(recipe, "onLoss", recipe.onLoss, 0),
    ...blockLines(recipe, "gates", Object.entries(recipe.gates)),
    ...evalLines(recipe),
    ...targetLines(recipe),
    ...(recipe.plugins.length > 0 ? [{ text: `plugins: ${flow(recipe.plugins)}` }] : []),
  ];
  const width = Math.min(Math.max(...lines.map(({ text }) => text.length)), 100);
  return `${lines.map(({ text, origin }) => (origin ? `${text.padEnd(width)} # ${originText(origin)}` : text)).join("\n")}\n`;
}

/** `recipe.yaml:12`, `preset:int8:4` or `default`. */
function originText(origin: Origin): string {
  if (origin === "default") return origin;
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`;
}

/** YAML on one line. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0, flowCollectionPadding: true }).trimEnd();
}

function setting({ origins }: Recipe, name: string, value: unknown, depth: number): Line {
  const key = name.split(".").at(-1) as string;
  return { text: `${"  ".repeat(depth)}${key}: ${flow(value)}`, origin: origins.get(name) };
}

function blockLines(recipe: Recipe, name: string, entries: readonly (readonly [string, unknown])[]): readonly Line[] {
  if (entries.length === 0) return [];
  return [{ text: `${name}:` }, ...entries.map(([key, value]) => setting(recipe, `${name}.${key}`, value, 1))];
}

function modelLines(recipe: Recipe): readonly Line[] {
  const { shapes, image } = recipe.model;
  if (shapes.size === 0 && !image) return [];
  const lines: Line[] = [{ text: "model:" }];
  if (shapes.size > 0) lines.push({ text: "  shapes:" });
  for (const [name, { extents, place }] of shapes) lines.push({ text: `    ${flow(name)}: ${flow(extents)}`, origin: place });
  if (image) lines.push(setting(recipe, "model.image", image, 1));
  return lines;
}

function calibrationLines(recipe: Recipe): readonly Line[] {
  const { data, samples, seed, method } = recipe.calibration;
  const entries = [
    ["data", data === undefined || data === "random" ? data : path.resolve(data)],
    ["samples", samples],
    ["seed", seed],
    ["method", method.name],
    ["percentile", method.percentile],
    ["movingAverage", method.movingAverage],
  ] as const;
  return blockLines(
    recipe,
    "calibration",
    entries.filter(([, value]) => value !== undefined),
  );
}

function evalLines(recipe: Recipe): readonly Line[] {
  if (!recipe.eval) return [];
  const { data, labels, ...others } = recipe.eval;
  const paths = { data: path.resolve(data), ...(labels !== undefined && { labels: path.resolve(labels) }) };
  return [setting(recipe, "eval", { ...paths, ...others }, 0)];
}

function rulesLines({ rules, origins }: Recipe): readonly Line[] {
  if (rules.length === 0) return [{ text: "rules: []" }];
  return [{ text: "rules:" }, ...rules.flatMap((rule) => ruleLines(rule, origins.get("calibration.method")))];
}

function ruleLines(rule: RecipeRule, method: Origin | undefined): readonly Line[] {
  const { weights, activations, keep, split, biasCorrection, equalize, decidedBy, matcher } = rule;
  return [
    { text: `  - match: ${flow(matcher.source)}`, origin: decidedBy },
    ...decision(rule, "weights", weights === undefined || weights === "float" ? weights : weightEntries(weights)),
    ...decision(
      rule,
      "activations",
      activations === undefined || activations === "float" ? activations : activationEntries(activations, method),
    ),
    ...decision(rule, "keep", keep === "f16" ? "float16" : keep),
    ...(split ? [{ text: "    split: { outliers: float16 }", origin: rule.origins.get("split") }] : []),
    ...decision(rule, "biasCorrection", biasCorrection === undefined ? undefined : String(biasCorrection)),
    ...decision(rule, "equalize", equalize === undefined ? undefined : String(equalize)),
  ];
}

function decision({ origins }: RecipeRule, name: string, value: string | readonly Entry[] | undefined): readonly Line[] {
  if (value === undefined) return [];
  if (typeof value === "string") return [{ text: `    ${name}: ${value}`, origin: origins.get(name) }];
  const lineOf = ([key, entry, fallback]: Entry): Line => {
    const origin: Place | Origin = origins.get(`${name}.${key}`) ?? fallback ?? "default";
    return { text: `      ${key}: ${flow(entry)}`, origin };
  };
  return [{ text: `    ${name}:` }, ...value.filter(([, entry]) => entry !== undefined).map(lineOf)];
}

const SCALE_WORDS = { f32: "float32", f16: "float16", bf16: "bfloat16" } as const;

function weightEntries({
  storage,
  granularity,
  blockSize,
  symmetric,
  scaleDtype,
  range,
  method,
  algorithm,
  unfit,
}: WeightSettings): readonly Entry[] {
  return [
    ["dtype", wordFor(storage)],
    ["granularity", granularity],
    ["blockSize", blockSize],
    ["symmetric", symmetric],
    ["scaleDtype", SCALE_WORDS[scaleDtype]],
    ["range", rangeWord(storage, range)],
    ["method", method],
    ["algorithm", algorithm],
    ["unfit", granularity === "block" ? unfit : undefined],
  ];
}

function activationEntries(settings: ActivationSettings, method: Origin | undefined): readonly Entry[] {
  const { storage, granularity, symmetric, mode, range } = settings;
  return [
    ["dtype", wordFor(storage)],
    ["granularity", granularity],
    ["symmetric", symmetric],
    ["mode", mode],
    ["range", rangeWord(storage, range)],
    ...(mode === "static" ? calibratedEntries(settings, method) : []),
  ];
}

function calibratedEntries({ method: by, outputs, fixedRanges }: ActivationSettings, method: Origin | undefined): readonly Entry[] {
  return [
    ["method", by.name, method],
    ["percentile", by.percentile, method],
    ["movingAverage", by.movingAverage, method],
    ["outputs", outputs],
    ["fixedRanges", fixedRanges],
  ];
}

function rangeWord(storage: WeightSettings["storage"], [qmin]: readonly [number, number]): string {
  const word = wordFor(storage) as Parameters<typeof integerRange>[0];
  return qmin === integerRange(word, "full")[0] ? "full" : "narrow";
}

function targetLines(recipe: Recipe): readonly Line[] {
  if (recipe.targets.size === 0) return [];
  return [
    { text: "targets:" },
    ...[...recipe.targets].map(([name, options]) => ({
      text: `  ${flow(name)}: ${flow(options)}`,
      origin: recipe.origins.get(`targets.${name}`),
    })),
  ];
}
