import { type Diagnostic, VxError } from "@vlm-export/ir";
import { NumericsError, scaleLimits } from "@vlm-export/numerics";
import type { DecidedBy, WeightPlan } from "@vlm-export/recipe";

const lineOf = ({ file, line, column }: DecidedBy): { file: string; line: number; column: number } => ({ file, line, column });

/** Static activations need data, and the samples are empty. */
export function calEmpty(): VxError {
  return new VxError({
    code: "VX-CAL-EMPTY",
    severity: "error",
    message: "the calibration data holds no sample, but the recipe quantizes activations with static ranges.",
    hint: "Give at least one sample, or use mode: dynamic.",
    where: { stage: "calibrate" },
  });
}

/** The float model does not fit into memory as the engine holds it. */
export function calMapped(): Diagnostic {
  return {
    code: "VX-CAL-MAPPED",
    severity: "warning",
    message: "too little memory is free to hold the float model: its weights are read from disk for each sample, which takes time.",
    hint: "Free memory, or take fewer samples (calibration.samples).",
    where: { stage: "calibrate" },
  };
}

/** Values too large to be counted whole. */
export function calThinned(values: readonly string[], limit: number): Diagnostic {
  const [first = "", ...others] = values;
  return {
    code: "VX-CAL-THINNED",
    severity: "info",
    message:
      `${others.length === 0 ? "this value has" : `this value and ${others.length} others have`} more than ${limit} elements a sample: ` +
      "their histograms count elements at even distances, at most so many; the extremes are those of all elements.",
    where: { stage: "calibrate", value: first },
  };
}

/** A sample makes an inner value NaN or infinite. */
export function calNonFinite(value: string, sample: string, range: readonly [number, number]): VxError {
  return new VxError({
    code: "VX-CAL-NON-FINITE",
    severity: "error",
    message: `sample ${sample} makes this value NaN or infinite (least ${range[0]}, greatest ${range[1]}); no range follows from it.`,
    hint: "Look for NaN or infinity in the sample, or for an overflow in the model; leave the sample out, or keep the node in float.",
    where: { stage: "calibrate", value },
  });
}

/** Statistics that lack a value which the plan reads: they belong to another plan. */
export function quantNoStatistics(value: string, need: string): VxError {
  return new VxError({
    code: "VX-QUANT-NO-STATISTICS",
    severity: "error",
    message: `the statistics have no ${need} of this value.`,
    hint: "Calibrate again with this recipe.",
    where: { stage: "quantize", value },
  });
}

/** An int32 bias that its scale cannot hold. */
export function quantBiasRange(bias: string, node: string, largest: number): Diagnostic {
  return {
    code: "VX-QUANT-BIAS-RANGE",
    severity: "warning",
    message: `the bias needs integers up to ${largest.toExponential(3)}, beyond int32 (2147483647), at the scale of its products; it stays float.`,
    hint: "A larger input or weight range, or another granularity of the weight, gives the bias a larger scale.",
    where: { stage: "quantize", node, value: bias },
  };
}

/** Bias correction asked of a node where it cannot be computed. */
export function quantCorrectionUnfit(node: string, reason: string, decidedBy: DecidedBy): Diagnostic {
  return {
    code: "VX-QUANT-CORRECTION-UNFIT",
    severity: "warning",
    message: `the bias is not corrected: ${reason}.`,
    hint: "biasCorrection: false for this node says the same without the warning.",
    where: { stage: "quantize", node, ...lineOf(decidedBy) },
  };
}

/** Norms whose channels were scaled. */
export function quantEqualized(norms: number): Diagnostic {
  return {
    code: "VX-QUANT-EQUALIZED",
    severity: "info",
    message: `the channels of ${norms} norms were scaled against the weights that read them; the float model computes the same.`,
    where: { stage: "quantize" },
  };
}

/** A value that float16 cannot hold. */
export function quantF16Range(value: string, node: string, { largest, so }: { readonly largest: number; readonly so: string }): Diagnostic {
  return {
    code: "VX-QUANT-F16-RANGE",
    severity: "warning",
    message: `the value reaches ${largest.toExponential(3)}, beyond float16 (65504); node ${JSON.stringify(node)} ${so}.`,
    hint: "Leave this node out of the rule; the result is the same without the warning.",
    where: { stage: "quantize", node, value },
  };
}

/** A mask that the plan makes integers of. */
export function quantMasked(value: string): VxError {
  return new VxError({
    code: "VX-QUANT-MASKED",
    severity: "error",
    message: "this value is −∞ somewhere in the samples; no range follows from it.",
    hint: "Plan again with it among the masked values, or keep the node in float.",
    where: { stage: "quantize", value },
  });
}

/** A split that finds no outlier. */
export function quantNoOutliers(node: string, sigma: number, decidedBy: DecidedBy): Diagnostic {
  return {
    code: "VX-QUANT-NO-OUTLIERS",
    severity: "info",
    message: `no channel is above ${sigma} sigma: the node is not split.`,
    where: { stage: "quantize", node, ...lineOf(decidedBy) },
  };
}

/** NaN or infinity in a constant that shall become integers. */
export function quantNonFinite(value: string, groups: number): VxError {
  return new VxError({
    code: "VX-QUANT-NON-FINITE",
    severity: "error",
    message: `the weight holds NaN or infinity in ${groups} of its quantization groups; integers cannot stand for them.`,
    hint: "Export the model again from sound weights, or keep the node in float.",
    where: { stage: "quantize", value },
  });
}

/** A weight that the smallest scale of its type is too coarse for, or that its largest does not reach. */
export function quantScaleLimit({ name, request }: WeightPlan, limited: "tiny" | "huge"): Diagnostic {
  const { scaleDtype, storage } = request;
  const [smallest, largest] = scaleLimits[scaleDtype];
  const message =
    limited === "tiny"
      ? `the weight is below what ${storage} at the smallest normal ${scaleDtype} scale (${smallest.toExponential(3)}) resolves: its integers are 0 or nearly so.`
      : `the weight is beyond what ${storage} at the largest ${scaleDtype} scale (${largest.toExponential(3)}) reaches: its integers saturate.`;
  const hint = scaleDtype === "f32" ? "Keep its node in float." : "Set scaleDtype: float32 for this weight, or keep its node in float.";
  return { code: "VX-QUANT-SCALE-LIMIT", severity: "warning", message, hint, where: { stage: "quantize", value: name } };
}

/** A value so small in every sample that the smallest scale is too coarse for it. */
export function quantTinyRange(value: string, [min, max]: readonly [number, number]): Diagnostic {
  return {
    code: "VX-QUANT-TINY-RANGE",
    severity: "warning",
    message: `the value lies in [${min.toExponential(3)}, ${max.toExponential(3)}], below what the smallest scale (2^-63) resolves: its integers are 0 or nearly so.`,
    hint: "Keep the nodes that read it in float (keep: float).",
    where: { stage: "quantize", value },
  };
}

/** A value whose range is beyond the largest scale. */
export function quantHugeRange(value: string, [min, max]: readonly [number, number]): Diagnostic {
  return {
    code: "VX-QUANT-HUGE-RANGE",
    severity: "warning",
    message: `the value lies in [${min.toExponential(3)}, ${max.toExponential(3)}], beyond what the largest scale (2^120) reaches: its integers saturate.`,
    hint: "Keep the nodes that read it in float (keep: float), or look for an overflow in the model.",
    where: { stage: "quantize", value },
  };
}

/** A value that was 0 in every sample. */
export function quantZeroRange(value: string): Diagnostic {
  return {
    code: "VX-QUANT-ZERO-RANGE",
    severity: "warning",
    message: "the value is 0 in every sample; its scale is set to 1.",
    hint: "If other inputs make it non-zero, add such samples to the calibration data.",
    where: { stage: "quantize", value },
  };
}

/** Errors of the numeric kernels as coded errors with the value's name; others unchanged. */
export function withValue(error: unknown, value: string): unknown {
  if (!(error instanceof NumericsError)) return error;
  const { code, message, hint } = error;
  return new VxError(
    { code, severity: "error", message, ...(hint !== undefined && { hint }), where: { stage: "quantize", value } },
    { cause: error },
  );
}
