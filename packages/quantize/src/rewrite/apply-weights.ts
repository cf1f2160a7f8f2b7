import type { WeightPlan } from "@vlm-export/recipe";
import { quantizeWeight } from "../weights/quantize-weight.js";
import { placeConstant, type RewriteSite } from "./rewrite-site.js";

/** Quantizes one planned weight and makes its edges read the integers. */
export function applyWeight(site: RewriteSite, plan: WeightPlan): void {
  const { data, quant } = quantizeWeight(plan, site.kernels);
  const { dtype, shape } = plan.value.type;
  site.weights.set(plan, placeConstant(site, plan.value, plan.edges, { data, type: { dtype, shape, quant } }));
}
