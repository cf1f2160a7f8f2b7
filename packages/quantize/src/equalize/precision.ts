import type { EqualizationPlan } from "@vlm-export/recipe";

/** The integer ranges that the best factors depend on; equal for equal factors. */
export function precisionOf({ group, weights }: EqualizationPlan): string {
  return JSON.stringify([group.request.range, ...weights.map(({ weight }) => weight.request.range)]);
}
