import type { Diagnostic } from "@vlm-export/ir";
import { contentHashOf } from "./content-hash.js";
import { placeOf, recipeNoData } from "./errors.js";
import { dataNeed } from "./plan/data-need.js";
import type { Plan } from "./plan-types.js";
import type { Recipe } from "./recipe-types.js";

/** The recipe with other calibration data; `source` says who asked, such as `--calibration`. */
export function withCalibrationData(recipe: Recipe, data: string, source: string): Recipe {
  const calibration = { ...recipe.calibration, data };
  const origins = new Map(recipe.origins).set("calibration.data", { file: source });
  return { ...recipe, calibration, origins, hash: contentHashOf({ ...recipe, calibration }) };
}

/** VX-RECIPE-NO-DATA when the plan needs samples and the recipe names none. */
export function missingData(plan: Plan, recipe: Recipe): Diagnostic | undefined {
  const need = recipe.calibration.data === undefined ? dataNeed(plan) : undefined;
  return need && recipeNoData(placeOf(need.decidedBy), need.what);
}
