import type { Diagnostic } from "@vlm-export/ir";
import type { Activations, Calibration, Weights } from "@vlm-export/schemas";
import { type Place, quantCombination, recipeNotExecuted } from "./errors.js";
import type { RangeMethod } from "./plan-types.js";
import type { ActivationSettings, WeightSettings } from "./recipe-types.js";
import { ACTIVATION_WORDS, integerRange, isUnsigned, STORAGE, WEIGHT_WORDS } from "./words.js";

/** Finds what is wrong at a key of the mapping under examination. */
type Report = (diagnostic: (place: Place) => Diagnostic, key: string) => void;

const DEFAULT_PERCENTILE = 99.99;
const DEFAULT_BLOCK_SIZE = 32;

/**
 * `weights:` with defaults: granularity block 32 below 8 bits and channel from 8 bits on, symmetric where signed, narrow range
 * where symmetric, scales f16 for blocks and f32 else. What does not go together is reported.
 */
export function weightSettings(weights: Weights, report: Report): WeightSettings {
  const { dtype } = weights;
  const unsigned = isUnsigned(dtype);
  const fewBits = dtype === "int4" || dtype === "uint4" || dtype === "int2";
  const granularity = weights.granularity ?? (weights.blockSize !== undefined || fewBits ? "block" : "channel");
  const symmetric = weights.symmetric ?? !unsigned;
  reportWeights(weights, granularity, report);
  return {
    storage: STORAGE[dtype],
    granularity: granularity === "token" ? "channel" : granularity,
    ...(granularity === "block" && { blockSize: weights.blockSize ?? DEFAULT_BLOCK_SIZE }),
    symmetric,
    scaleDtype: weights.scaleDtype ? SCALES[weights.scaleDtype] : granularity === "block" ? "f16" : "f32",
    range: integerRange(dtype, weights.range ?? (symmetric ? "narrow" : "full")),
    method: weights.method ?? "minmax",
    algorithm: "rtn",
    unfit: weights.unfit ?? "refuse",
  };
}

const SCALES = { float32: "f32", float16: "f16", bfloat16: "bf16" } as const;

function reportWeights(weights: Weights, granularity: string, report: Report): void {
  const { dtype, symmetric, blockSize, algorithm, scaleLattice } = weights;
  const name = typeof algorithm === "object" ? algorithm.name : algorithm;
  if (!WEIGHT_WORDS.includes(dtype))
    report((place) => recipeNotExecuted(place, `storing weights as ${dtype}`, `Use one of ${WEIGHT_WORDS.join(", ")}.`), "dtype");
  if (name !== undefined && name !== "rtn")
    report((place) => recipeNotExecuted(place, `algorithm ${name}`, "Use algorithm: rtn, or leave it out."), "algorithm");
  if (typeof algorithm === "object" && Object.keys(algorithm).some((key) => key !== "name"))
    report((place) => recipeNotExecuted(place, `an option of algorithm ${name}`), "algorithm");
  if (scaleLattice !== undefined && scaleLattice !== "free")
    report((place) => recipeNotExecuted(place, `scaleLattice ${scaleLattice}`), "scaleLattice");
  if (granularity === "token")
    report((place) => quantCombination(place, "weights have no granularity token.", "Use tensor, channel or block."), "granularity");
  if (blockSize !== undefined && granularity !== "block")
    report((place) => quantCombination(place, `blockSize needs granularity block, not ${granularity}.`, "Remove one of them."), "blockSize");
  if (symmetric === true && isUnsigned(dtype))
    report((place) => quantCombination(place, `${dtype} weights cannot be symmetric.`, `Use ${dtype.slice(1)}, or symmetric: false.`), "symmetric");
  if (weights.range === "narrow" && symmetric === false)
    report((place) => quantCombination(place, "a narrow range is for symmetric weights.", "Use range: full."), "range");
}

/** `method`, `percentile` and `movingAverage` of a rule over those of `calibration:`. */
export function rangeMethod(own: Activations | Calibration, base: RangeMethod | undefined, report: Report): RangeMethod {
  const name = own.method ?? base?.name ?? "minmax";
  const percentile = own.percentile ?? base?.percentile;
  const movingAverage = own.movingAverage ?? base?.movingAverage;
  if (own.percentile !== undefined && name !== "percentile")
    report((place) => quantCombination(place, `percentile needs method percentile, not ${name}.`, "Add method: percentile."), "percentile");
  if (own.movingAverage !== undefined && name !== "minmax")
    report((place) => quantCombination(place, `movingAverage needs method minmax, not ${name}.`, "Add method: minmax."), "movingAverage");
  return {
    name,
    ...(name === "percentile" && { percentile: percentile ?? DEFAULT_PERCENTILE }),
    ...(name === "minmax" && movingAverage !== undefined && { movingAverage }),
  };
}

/** `activations:` with defaults: per tensor, static, asymmetric for 8 bits and uint16, symmetric for int16. */
export function activationSettings(activations: Activations, base: RangeMethod, report: Report): ActivationSettings {
  const { dtype } = activations;
  const symmetric = activations.symmetric ?? dtype === "int16";
  reportActivations(activations, symmetric, report);
  return {
    storage: STORAGE[dtype],
    granularity: activations.granularity === "token" ? "token" : "tensor",
    symmetric,
    mode: activations.mode ?? "static",
    range: integerRange(dtype, activations.range ?? (symmetric ? "narrow" : "full")),
    method: rangeMethod(activations, base, report),
    outputs: activations.outputs ?? false,
    fixedRanges: activations.fixedRanges ?? false,
  };
}

function reportActivations(activations: Activations, symmetric: boolean, report: Report): void {
  const { dtype, granularity, mode, outputs } = activations;
  const is8 = dtype === "int8" || dtype === "uint8";
  if (!ACTIVATION_WORDS.includes(dtype))
    report((place) => recipeNotExecuted(place, `storing activations as ${dtype}`, `Use one of ${ACTIVATION_WORDS.join(", ")}.`), "dtype");
  if (granularity === "channel" || granularity === "block")
    report((place) => quantCombination(place, `activations have no granularity ${granularity}.`, "Use tensor, or token with mode: dynamic."), "granularity");
  if (granularity === "token" && mode !== "dynamic")
    report((place) => quantCombination(place, "granularity token needs mode dynamic.", "Add mode: dynamic."), "granularity");
  if (mode === "dynamic" && !is8)
    report((place) => quantCombination(place, `dynamic activations are int8 or uint8, not ${dtype}.`, "Use mode: static."), "mode");
  if (mode === "dynamic" && outputs)
    report((place) => quantCombination(place, "outputs needs mode static.", "Remove outputs or use mode: static."), "outputs");
  if (symmetric && isUnsigned(dtype))
    report((place) => quantCombination(place, `${dtype} activations cannot be symmetric.`, `Use ${dtype.slice(1)}.`), "symmetric");
  if (!symmetric && activations.range === "narrow")
    report((place) => quantCombination(place, "a narrow range is for symmetric activations.", "Use range: full."), "range");
}
