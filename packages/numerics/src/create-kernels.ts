import { stageTooLarge } from "./errors.js";
import { type Kernels, STAGE_LIMIT } from "./kernels.js";
import { computeScales, scalesFromRanges } from "./wasm/compute-scales.js";
import { toFloat32, toHalf } from "./wasm/convert.js";
import { dequantize } from "./wasm/dequantize.js";
import { createEngine } from "./wasm/engine.js";
import { errorSums } from "./wasm/error-sums.js";
import { groupErrors } from "./wasm/group-errors.js";
import { groupRanges } from "./wasm/group-ranges.js";
import { histogram } from "./wasm/histogram.js";
import { ADDRESS } from "./wasm/layout.js";
import { quantize } from "./wasm/quantize.js";
import { quantizeWeights } from "./wasm/quantize-weights.js";
import { rangeOf } from "./wasm/range-of.js";
import { transpose } from "./wasm/transpose.js";

/** New kernels with their own 28 MiB of memory, of which only the parts in use become resident. Throws VX-TOOL-KERNELS-MISSING when the compiled kernels are not there. */
export function createKernels(): Kernels {
  const engine = createEngine();
  return {
    implementation: "wasm",
    stage(byteLength) {
      if (!(byteLength >= 0 && byteLength <= STAGE_LIMIT)) throw stageTooLarge(byteLength, STAGE_LIMIT);
      return engine.u8.subarray(ADDRESS.stage, ADDRESS.stage + byteLength);
    },
    rangeOf: (x) => rangeOf(engine, x),
    groupRanges: (x, view) => groupRanges(engine, x, view),
    histogram: (x, lo, hi, counts) => histogram(engine, x, { lo, hi }, counts),
    computeScales: (x, spec) => computeScales(engine, x, spec),
    scalesFromRanges: (ranges, spec) => scalesFromRanges(engine, ranges, spec),
    quantize: (x, q) => quantize(engine, x, q),
    quantizeWeights: (x, spec) => quantizeWeights(engine, x, spec),
    dequantize: (bytes, q) => dequantize(engine, bytes, q),
    groupErrors: (x, q) => groupErrors(engine, x, q),
    errorSums: (a, b) => errorSums(engine, a, b),
    toFloat32: (x) => toFloat32(engine, x),
    toHalf: (x, dtype) => toHalf(engine, x, dtype),
    transpose: (bytes, shape) => transpose(engine, bytes, shape),
  };
}
