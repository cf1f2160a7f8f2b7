import type { Diagnostic } from "@vlm-export/ir";
import { contentHashOf } from "./content-hash.js";
import { recipeNoData } from "./errors.js";
import type { DecidedBy, Plan } from "./plan-types.js";
import type { Recipe } from "./recipe-types.js";

/** The recipe with other calibration data; `source` says who asked, such as `--calibration`. */
export function withCalibrationData(recipe: Recipe, data: string, source: string): Recipe {
  const calibration = { ...recipe.calibration, data };
  const origins = new Map(recipe.origins).set("calibration.data", { file: source });
  return { ...recipe, calibration, origins, hash: contentHashOf({ ...recipe, calibration }) };
}

/** VX-RECIPE-NO-DATA when the plan needs samples and the recipe names none. */
export function missingData(plan: Plan, recipe: Recipe): Diagnostic | undefined {
  if (!plan.needsData || recipe.calibration.data !== undefined) return undefined;
  const needs = needOf(plan);
  if (!needs) return undefined;
  const { file, line, column } = needs.decidedBy;
  return recipeNoData({ file, line, column }, needs.what);
}

function needOf({ groups, biasCorrections, splits }: Plan): { readonly what: string; readonly decidedBy: DecidedBy } | undefined {
  const group = groups.find(({ observe }) => observe.length > 0);
  if (group) return { what: "static activations", decidedBy: group.decidedBy };
  const [correction] = biasCorrections;
  if (correction) return { what: "biasCorrection", decidedBy: correction.decidedBy };
  const split = splits.find(({ by }) => by === "activations");
  return split && { what: "split by activations", decidedBy: split.decidedBy };
}
