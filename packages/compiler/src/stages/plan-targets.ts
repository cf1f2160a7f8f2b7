import type { Backend } from "@vlm-export/backend-api";
import type { Diagnostic, Model } from "@vlm-export/ir";
import type { Plan } from "@vlm-export/recipe";
import { checkComponent } from "./check-target.js";
import { planView } from "./plan-view.js";

/**
 * What each target's rules reject about the planned types, before a weight is read. Only targets without legalize passes that
 * could still change a node are refused here; the check stage has the last word.
 */
export function precheckTarget(backend: Backend, model: Model, plans: ReadonlyMap<string, Plan>): readonly Diagnostic[] {
  return [...model.components].flatMap(([name, graph]) => {
    const plan = plans.get(name);
    return plan ? checkComponent(backend, name, graph, planView(plan)).rejections : [];
  });
}
