import type { Diagnostic } from "@vlm-export/ir";
import type { RecipeFile } from "@vlm-export/schemas";
import { recipeNotExecuted } from "./errors.js";
import type { Path, Positions } from "./yaml/positions.js";

/** Findings for each setting that is valid but that this version does not execute. */
export function refusals(recipe: RecipeFile, positions: Positions): readonly Diagnostic[] {
  const findings: Diagnostic[] = [];
  const refuse = (path: Path, what: string, hint?: string): void => {
    findings.push(recipeNotExecuted(positions.ofKey(path), what, hint));
  };
  const { calibration, gates, rules = [] } = recipe;
  if (calibration?.modality !== undefined) refuse(["calibration", "modality"], "calibration.modality");
  if (calibration?.components !== undefined) refuse(["calibration", "components"], "calibration.components");
  if (recipe.placement !== undefined && recipe.placement.length > 0) refuse(["placement"], "placement");
  if (recipe.onLoss === "requantize") refuse(["onLoss"], "onLoss: requantize", "Use onLoss: refuse or onLoss: fallback.");
  if (gates?.maxLatencyRatio !== undefined) refuse(["gates", "maxLatencyRatio"], "gates.maxLatencyRatio");
  if (recipe.eval?.metric === "exact-match") refuse(["eval", "metric"], "eval.metric exact-match", "Use metric: top-1.");
  rules.forEach((rule, i) => {
    if (rule.values !== undefined) refuse(["rules", i, "values"], "values (storage of cached values)");
    if (rule.keep === "bfloat16") refuse(["rules", i, "keep"], "keep: bfloat16", "Use keep: float16 or keep: float.");
  });
  return findings;
}
