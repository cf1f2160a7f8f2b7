import { BITS, type Node, type Value } from "@vlm-export/ir";
import type { ActivationRequest } from "../plan-types.js";
import type { NodeView } from "./node-view.js";

/**
 * The real range of values that all come from ops with a range that holds for any data, scaled so that the step is
 * (max − min) / 2^bits: 1/256 for an int8 Softmax and 1/128 for an int8 Tanh, as integer kernels expect (symmetric: max / 2^(bits−1)).
 */
export function fixedRangeOf(
  values: readonly Value[],
  views: ReadonlyMap<Node, NodeView>,
  request: ActivationRequest,
): readonly [number, number] | undefined {
  if (request.mode === "dynamic" || values.length === 0) return undefined;
  const ranges = values.map(({ producer }) => (producer ? views.get(producer)?.def?.fixedRange : undefined));
  if (!ranges.every((range) => range !== undefined)) return undefined;
  const min = Math.min(...ranges.map(([low]) => low));
  const max = Math.max(...ranges.map(([, high]) => high));
  if (!request.symmetric) return [min, max - (max - min) / 2 ** BITS[request.storage]];
  const bound = Math.max(-min, max) * (1 - 2 ** (1 - BITS[request.storage]));
  return [-bound, bound];
}
