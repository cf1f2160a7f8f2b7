import { FilePool } from "@vlm-export/formats/files";
import type { Diagnostic } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { type Plan, planModel, type Recipe } from "@vlm-export/recipe";
import type { FoundBackend } from "./discover.js";
import { importModel, normalizeModel } from "./stages/import-model.js";
import { precheckTarget } from "./stages/plan-targets.js";
import { chosenBackends } from "./targets.js";

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
  const pool = new FilePool();
  const site = { ops: standardOps(), pool, report: (diagnostic: Diagnostic) => report?.(diagnostic), ...(signal && { signal }) };
  try {
    const model = normalizeModel(await importModel(path, site), recipe.model.shapes, site);
    const plans = planModel(model, recipe, { ops: site.ops });
    for (const plan of plans.values()) for (const diagnostic of plan.diagnostics) report?.(diagnostic);
    const refusals = [...chosenBackends(targets, backends).values()].flatMap(({ backend }) => precheckTarget(backend, model, plans));
    return { plans, refusals };
  } finally {
    pool.close();
  }
}
