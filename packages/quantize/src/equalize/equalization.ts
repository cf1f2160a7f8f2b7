import type { TensorData, Value } from "@vlm-export/ir";
import type { EqualizationPlan, Plan, WeightPlan } from "@vlm-export/recipe";
import type { EqualizedStatistics, Statistics, ValueStatistics } from "../statistics.js";
import { precisionOf } from "./precision.js";
import { type ScaledWeight, scaledWeight } from "./scaled-weight.js";

/** The norms of a plan that are equalized, and what follows for values and weights. */
export interface Equalization {
  readonly norms: readonly { readonly norm: EqualizationPlan; readonly factors: Float32Array }[];
  /** What was seen of a value, scaled where it is. */
  seen(value: Value): ValueStatistics | undefined;
  weightOf(plan: WeightPlan): ScaledWeight;
}

/** Equalizes the norms that the statistics have factors for. */
export function equalizationOf(plan: Plan, statistics: Statistics | undefined): Equalization {
  const scaled = new Map<Value, { readonly norm: EqualizationPlan; readonly statistics: EqualizedStatistics }>();
  const weights = new Map<WeightPlan, { readonly reduce: number; readonly factors: Float32Array }>();
  for (const norm of plan.equalizations) {
    const equalized = statistics?.equalized.get(norm.output.name);
    if (equalized?.precision !== precisionOf(norm)) continue;
    scaled.set(norm.output, { norm, statistics: equalized });
    for (const { weight, reduce } of norm.weights) weights.set(weight, { reduce, factors: equalized.factors });
  }
  return {
    norms: [...scaled.values()].map(({ norm, statistics: { factors } }) => ({ norm, factors })),
    seen: (value) => scaled.get(value)?.statistics.seen ?? statistics?.values.get(value.name),
    weightOf(weight) {
      const data = weight.value.data as TensorData;
      const scale = weights.get(weight);
      return scale && scale.factors.some((factor) => factor !== 1) ? scaledWeight(data, scale.reduce, scale.factors) : { data };
    },
  };
}
