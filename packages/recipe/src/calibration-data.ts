import path from "node:path";
import type { Diagnostic } from "@vlm-export/ir";
import { slashed } from "./beside.js";
import { contentHashOf } from "./content-hash.js";
import { placeOf, recipeNoData } from "./errors.js";
import { dataNeed } from "./plan/data-need.js";
import { isPreset } from "./presets.js";
import type { Plan } from "./plan-types.js";
import type { Recipe } from "./recipe-types.js";

/** The recipe with other calibration data, a path from the working folder or `random`; `source` says who asked, such as `--calibration`. */
export function withCalibrationData(recipe: Recipe, data: string, source: string): Recipe {
  const calibration = { ...recipe.calibration, data };
  const named = { ...recipe.named, calibrationData: namedFrom(recipe.file, data) };
  const origins = new Map(recipe.origins).set("calibration.data", { file: source });
  return { ...recipe, calibration, named, origins, hash: contentHashOf({ ...recipe, calibration, named }) };
}

/** A path from the working folder as the recipe would name it; presets have no folder of the user's. */
function namedFrom(file: string, data: string): string {
  if (data === "random") return data;
  return slashed(
    path.isAbsolute(data)
      ? data
      : isPreset(file)
        ? path.resolve(data)
        : path.relative(path.resolve(path.dirname(file)), path.resolve(data)),
  );
}

/** VX-RECIPE-NO-DATA when the plan needs samples and the recipe names none. */
export function missingData(plan: Plan, recipe: Recipe): Diagnostic | undefined {
  const need = recipe.calibration.data === undefined ? dataNeed(plan) : undefined;
  return need && recipeNoData(placeOf(need.decidedBy), need.what);
}
