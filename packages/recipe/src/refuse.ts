import type { Diagnostic } from "@vlm-export/ir";
import type { RecipeFile, Rule } from "@vlm-export/schemas";
import { recipeNotExecuted } from "./errors.js";
import type { Path, Positions } from "./yaml/positions.js";

/** A setting that is valid but that this version does not execute. */
interface Refusal<T> {
  readonly path: Path;
  readonly what: string;
  readonly hint?: string;
  isStated(stated: T): boolean;
}

const SETTINGS: readonly Refusal<RecipeFile>[] = [
  { path: ["calibration", "modality"], what: "calibration.modality", isStated: ({ calibration }) => calibration?.modality !== undefined },
  {
    path: ["calibration", "components"],
    what: "calibration.components",
    isStated: ({ calibration }) => calibration?.components !== undefined,
  },
  { path: ["placement"], what: "placement", isStated: ({ placement = [] }) => placement.length > 0 },
  {
    path: ["onLoss"],
    what: "onLoss: requantize",
    hint: "Use onLoss: refuse or onLoss: fallback.",
    isStated: ({ onLoss }) => onLoss === "requantize",
  },
  { path: ["gates", "maxLatencyRatio"], what: "gates.maxLatencyRatio", isStated: ({ gates }) => gates?.maxLatencyRatio !== undefined },
  {
    path: ["eval", "metric"],
    what: "eval.metric exact-match",
    hint: "Use metric: top-1.",
    isStated: (recipe) => recipe.eval?.metric === "exact-match",
  },
];

const RULE_SETTINGS: readonly Refusal<Rule>[] = [
  { path: ["values"], what: "values (storage of cached values)", isStated: ({ values }) => values !== undefined },
  { path: ["keep"], what: "keep: bfloat16", hint: "Use keep: float16 or keep: float.", isStated: ({ keep }) => keep === "bfloat16" },
];

/** Findings for each setting that is valid but that this version does not execute. */
export function refusals(recipe: RecipeFile, positions: Positions): readonly Diagnostic[] {
  const find = <T>(refused: readonly Refusal<T>[], stated: T, base: Path): readonly Diagnostic[] =>
    refused
      .filter(({ isStated }) => isStated(stated))
      .map(({ path, what, hint }) => recipeNotExecuted(positions.ofKey([...base, ...path]), what, hint));
  return [...find(SETTINGS, recipe, []), ...(recipe.rules ?? []).flatMap((rule, i) => find(RULE_SETTINGS, rule, ["rules", i]))];
}
