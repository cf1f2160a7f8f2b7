import type { TensorData } from "@vlm-export/ir";
import type { Kernels } from "@vlm-export/numerics";
import type { BiasPlan, QuantGroup, WeightPlan } from "@vlm-export/recipe";
import type { StaticRange } from "../activation-ranges.js";
import { quantNonFinite } from "../errors.js";
import { wideFloatsOf } from "./constant-floats.js";

/** Integers that a bias may use: half of int32, as bias correction can still add to it. */
const LARGEST_BIAS = 2 ** 30;

/**
 * Least scale of each weight channel with which the int32 biases of its products fit: |b| / (scale of the input · 2^30). It only
 * matters for channels of almost no weight, whose own scale would be tiny. Throws VX-QUANT-NON-FINITE.
 */
export function scaleFloors(
  biases: readonly BiasPlan[],
  ranges: ReadonlyMap<QuantGroup, StaticRange>,
  kernels: Kernels,
): ReadonlyMap<WeightPlan, Float32Array> {
  const floors = new Map<WeightPlan, Float32Array>();
  for (const { value, group, weight } of biases) {
    const inputScale = ranges.get(group)?.qparams.scale;
    if (inputScale === undefined || !value.data) continue;
    const values = wideFloatsOf(value.data as TensorData, kernels);
    if (!values.every(Number.isFinite)) throw quantNonFinite(value.name, 1);
    const needed = values.map((bias) => Math.abs(bias) / (inputScale * LARGEST_BIAS));
    const scales = weight.request.granularity === "channel" ? needed : Float32Array.of(needed.reduce((a, b) => Math.max(a, b), 0));
    const known = floors.get(weight);
    floors.set(weight, known ? known.map((floor, i) => Math.max(floor, scales[i] as number)) : scales);
  }
  return floors;
}
