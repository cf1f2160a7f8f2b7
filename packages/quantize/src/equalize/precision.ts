import type { EqualizationPlan } from "@vlm-export/recipe";

/** What the best factors depend on besides the samples: integer ranges, and which weights share a scale; equal for equal factors. */
export function precisionOf({ group, weights }: EqualizationPlan): string {
  return JSON.stringify([
    group.request.range,
    ...weights.map(({ weight: { request } }) => [request.range, request.granularity, request.blockSize ?? 0]),
  ]);
}
