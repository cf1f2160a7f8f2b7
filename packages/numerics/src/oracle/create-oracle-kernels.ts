import { stageTooLarge } from "../errors.js";
import { type Kernels, type QParams, STAGE_LIMIT } from "../kernels.js";
import { computeScales, scalesFromRanges } from "./compute-scales.js";
import { toFloat32, toHalf } from "./convert.js";
import { dequantize } from "./dequantize.js";
import { errorSums } from "./error-sums.js";
import { groupErrors } from "./group-errors.js";
import { groupRanges } from "./group-ranges.js";
import { histogram } from "./histogram.js";
import { quantize } from "./quantize.js";
import { rangeOf } from "./range-of.js";
import { transpose } from "./transpose.js";

/** The kernels in plain TypeScript: the definition that the fast ones are tested against. Slow, and copies its inputs. */
export function createOracleKernels(): Kernels {
  const window = new Uint8Array(STAGE_LIMIT);
  return {
    implementation: "oracle",
    stage(byteLength) {
      if (!(byteLength >= 0 && byteLength <= STAGE_LIMIT)) throw stageTooLarge(byteLength, STAGE_LIMIT);
      return window.subarray(0, byteLength);
    },
    rangeOf,
    groupRanges,
    histogram,
    computeScales,
    scalesFromRanges,
    quantize,
    quantizeWeights(x, spec) {
      const { nonFiniteGroups, ...scales } = computeScales(x, spec);
      const q: QParams = { view: spec.view, storage: spec.storage, range: spec.range, ...scales };
      return { ...quantize(x, q), ...scales, nonFiniteGroups };
    },
    dequantize,
    groupErrors,
    errorSums,
    toFloat32,
    toHalf,
    transpose,
  };
}
