import type { Diagnostic } from "@vlm-export/ir";
import { type Plan, planModel, type Recipe } from "@vlm-export/recipe";
import type { FoundBackend } from "./discover.js";
import { precheckTarget } from "./stages/plan-targets.js";
import { checkTargetOptions, chosenBackends, unheardTargets } from "./targets.js";
import { withNormalizedModel } from "./with-normalized-model.js";

export interface PlanRequest {
  readonly backends: ReadonlyMap<string, FoundBackend>;
  /** Targets whose rules are checked on the planned types. */
  readonly targets: readonly string[];
  readonly signal?: AbortSignal;
  report?(diagnostic: Diagnostic): void;
}

/** The plan of every component, and what the targets' rules reject about it. Reads no weights and no data. */
export async function planForModel(
  path: string,
  recipe: Recipe,
  { backends, targets, signal, report }: PlanRequest,
): Promise<{ readonly plans: ReadonlyMap<string, Plan>; readonly refusals: readonly Diagnostic[] }> {
  const chosen = chosenBackends(targets, backends);
  checkTargetOptions(chosen, recipe);
  if (targets.length > 0) for (const diagnostic of unheardTargets(recipe, backends)) report?.(diagnostic);
  return withNormalizedModel(path, { shapes: recipe.model.shapes, signal, report }, (model, ops) => {
    const plans = planModel(model, recipe, { ops });
    for (const plan of plans.values()) for (const diagnostic of plan.diagnostics) report?.(diagnostic);
    const refusals = [...chosen.values()].flatMap(({ backend }) => precheckTarget(backend, model, plans));
    return { plans, refusals };
  });
}
