import type { Activations, Calibration, Weights } from "@vlm-export/schemas";
import { quantCombination } from "./errors.js";
import type { RangeMethod } from "./plan-types.js";
import type { ActivationSettings, WeightSettings } from "./recipe-types.js";
import { checkActivations, checkWeights, type Report } from "./setting-checks.js";
import { integerRange, isUnsigned, STORAGE } from "./words.js";

const DEFAULT_PERCENTILE = 99.999;
const DEFAULT_BLOCK_SIZE = 32;
const SCALES = { float32: "f32", float16: "f16", bfloat16: "bf16" } as const;

/**
 * `weights:` with defaults: granularity block 32 below 8 bits and channel from 8 bits on, symmetric where signed, narrow range
 * where symmetric, scales f16 for blocks and f32 else. What does not go together is reported.
 */
export function weightSettings(weights: Weights, report: Report): WeightSettings {
  const stated = weights.granularity ?? granularityOf(weights);
  checkWeights({ ...weights, granularity: stated }, report);
  const granularity = stated === "token" ? "channel" : stated;
  const blocks = granularity === "block";
  const symmetric = weights.symmetric ?? !isUnsigned(weights.dtype);
  return {
    storage: STORAGE[weights.dtype],
    granularity,
    ...(blocks && { blockSize: weights.blockSize ?? DEFAULT_BLOCK_SIZE }),
    symmetric,
    scaleDtype: SCALES[weights.scaleDtype ?? (blocks ? "float16" : "float32")],
    range: integerRange(weights.dtype, weights.range ?? (symmetric ? "narrow" : "full")),
    method: weights.method ?? "minmax",
    algorithm: "rtn",
    unfit: weights.unfit ?? "refuse",
  };
}

function granularityOf({ dtype, blockSize }: Weights): "block" | "channel" {
  return blockSize !== undefined || ["int4", "uint4", "int2"].includes(dtype) ? "block" : "channel";
}

/** Settings that belong to one method only. */
const METHOD_OF = { percentile: "percentile", movingAverage: "minmax" } as const;

/** `method`, `percentile` and `movingAverage` of a rule over those of `calibration:`. */
export function rangeMethod(own: Activations | Calibration, base: RangeMethod | undefined, report: Report): RangeMethod {
  const { method: name = base?.name ?? "minmax", percentile = base?.percentile, movingAverage = base?.movingAverage } = own;
  checkMethod(own, name, report);
  if (name === "percentile") return { name, percentile: percentile ?? DEFAULT_PERCENTILE };
  return name === "minmax" && movingAverage !== undefined ? { name, movingAverage } : { name };
}

function checkMethod(own: Activations | Calibration, name: RangeMethod["name"], report: Report): void {
  for (const key of ["percentile", "movingAverage"] as const) {
    const wanted = METHOD_OF[key];
    if (own[key] !== undefined && name !== wanted)
      report(
        (place) => quantCombination(place, `${key} needs method ${wanted}, not ${name}.`, `Write method: ${wanted}, or remove ${key}.`),
        key,
      );
  }
}

/** `activations:` with defaults: per tensor, static, asymmetric for 8 bits and uint16, symmetric for int16 and dynamic int8. */
export function activationSettings(activations: Activations, base: RangeMethod, report: Report): ActivationSettings {
  const { dtype, mode = "static", outputs = false, fixedRanges = false } = activations;
  const { symmetric = dtype === "int16" || (dtype === "int8" && mode === "dynamic") } = activations;
  checkActivations({ ...activations, mode, symmetric }, report);
  return {
    storage: STORAGE[dtype],
    granularity: activations.granularity === "token" ? "token" : "tensor",
    symmetric,
    mode,
    range: integerRange(dtype, activations.range ?? (symmetric ? "narrow" : "full")),
    method: rangeMethod(activations, base, report),
    outputs,
    fixedRanges,
  };
}
