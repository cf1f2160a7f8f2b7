import { integerRange, isSigned } from "./dtype.js";
import { integerRangeInvalid, lengthMismatch, zeroPointOutOfRange } from "./errors.js";
import type { GroupRanges, IntegerType, QParams, ScaleSpec } from "./kernels.js";
import { checkedView, type QuantView, scaleCountOf } from "./view.js";

/** Zero point of symmetric quantization: 0 for signed storage, the middle code for unsigned storage. */
export function symmetricZeroPoint(storage: IntegerType): number {
  return isSigned(storage) ? 0 : (integerRange(storage)[1] + 1) / 2;
}

/** Integer steps from the symmetric zero point to the nearer end of the range: the divisor of absmax. */
export function symmetricSteps(spec: ScaleSpec): number {
  const zeroPoint = symmetricZeroPoint(spec.storage);
  return Math.min(spec.range[1] - zeroPoint, zeroPoint - spec.range[0]);
}

/** Throws VX-QUANT-* unless range, scales and zero points fit the view and the storage type. */
export function checkQParams(q: QParams): void {
  checkRange(q.storage, q.range);
  const count = scaleCountOf(checkedView(q.view));
  if (q.scale.length !== count) throw lengthMismatch("scale", q.scale.length, count);
  if (q.zeroPoint) checkZeroPoints(q.storage, q.zeroPoint, count);
}

/** Throws VX-QUANT-* unless the range fits the storage type and leaves steps to choose scales for. */
export function checkScaleSpec(spec: ScaleSpec): void {
  checkRange(spec.storage, spec.range);
  checkedView(spec.view);
  const steps = spec.symmetric ? symmetricSteps(spec) : spec.range[1] - spec.range[0];
  if (steps < 1 || (spec.storage === "i32" && !spec.symmetric)) throw integerRangeInvalid(spec.storage, spec.range);
}

/** Throws VX-QUANT-LENGTH unless `ranges` has one entry per group of `view`. */
export function checkRanges(ranges: GroupRanges, view: QuantView): void {
  const count = scaleCountOf(view);
  for (const name of ["min", "max", "absmax"] as const) {
    if (ranges[name].length !== count) throw lengthMismatch(name, ranges[name].length, count);
  }
}

function checkRange(storage: IntegerType, range: readonly [number, number]): void {
  const [qmin, qmax] = range;
  const [lowest, highest] = integerRange(storage);
  const whole = Number.isInteger(qmin) && Number.isInteger(qmax);
  if (!whole || qmin > qmax || qmin < lowest || qmax > highest) throw integerRangeInvalid(storage, range);
}

function checkZeroPoints(storage: IntegerType, zeroPoints: Int32Array, count: number): void {
  if (zeroPoints.length !== count) throw lengthMismatch("zeroPoint", zeroPoints.length, count);
  const [lowest, highest] = storage === "i32" ? [0, 0] : integerRange(storage);
  const index = zeroPoints.findIndex((zeroPoint) => zeroPoint < lowest || zeroPoint > highest);
  if (index >= 0) throw zeroPointOutOfRange(storage, index, zeroPoints[index] as number);
}
