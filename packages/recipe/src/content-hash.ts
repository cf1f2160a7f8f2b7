import { createHash } from "node:crypto";
import { canonicalJson } from "./canonical-json.js";
import type { Recipe } from "./recipe-types.js";

/** The part of a recipe that says what is asked for, without where it is written. */
export type RecipeContent = Omit<Recipe, "file" | "sources" | "origins" | "hash" | "diagnostics" | "plugins">;

/** SHA-256 (hex) of everything that a recipe asks for; files count by the paths that the recipe names them with. */
export function contentHashOf({
  version,
  model,
  calibration,
  rules,
  onLoss,
  gates,
  eval: evaluation,
  targets,
  named,
}: RecipeContent): string {
  const decisions = rules.map(({ matcher, weights, activations, keep, split, biasCorrection, equalize }) => ({
    match: matcher.source,
    weights,
    activations,
    keep,
    split,
    biasCorrection,
    equalize,
  }));
  const content = {
    version,
    model: { ...model, shapes: [...model.shapes].map(([name, { extents }]) => [name, extents]) },
    calibration: { ...calibration, data: named.calibrationData },
    rules: decisions,
    onLoss,
    gates,
    eval: evaluation && { ...evaluation, data: named.evalData, labels: named.evalLabels },
    targets: [...targets],
    plugins: named.plugins,
  };
  return createHash("sha256").update(canonicalJson(content)).digest("hex");
}
