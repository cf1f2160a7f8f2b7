import { type Diagnostic, VxError } from "@vlm-export/ir";

function quantError(
  code: `VX-${string}`,
  stage: "calibrate" | "quantize",
  message: string,
  rest: { readonly hint?: string; readonly where?: Partial<Diagnostic["where"]> } = {},
): VxError {
  return new VxError({
    code,
    severity: "error",
    message,
    ...(rest.hint !== undefined && { hint: rest.hint }),
    where: { stage, ...rest.where },
  });
}

/** A calibration run without samples. */
export function calEmpty(): VxError {
  return quantError("VX-CAL-EMPTY", "calibrate", "the calibration data has no samples; at least one is needed.", {
    hint: "Check calibration.data and calibration.samples of the recipe.",
  });
}

/** NaN or infinity in an activation. */
export function calNonFinite(value: string, sample: string): VxError {
  return quantError("VX-CAL-NON-FINITE", "calibrate", `sample ${JSON.stringify(sample)} makes the value NaN or infinite.`, {
    hint: "Check the sample and its preprocessing; a float model must give finite numbers.",
    where: { value },
  });
}

/** NaN or infinity in a weight. */
export function quantNonFinite(value: string, groups: number): VxError {
  return quantError("VX-QUANT-NON-FINITE", "quantize", `the weight holds NaN or infinity in ${groups} of its scale groups.`, {
    hint: "Export the model again; keep: float leaves the weight as it is.",
    where: { value },
  });
}

/** Statistics lack a value that the plan needs. */
export function quantNoStatistics(value: string): VxError {
  return quantError("VX-QUANT-NO-STATISTICS", "quantize", "no statistics were gathered for the value.", {
    hint: "Calibrate with the plan that is executed.",
    where: { value },
  });
}

/** A weight of a type that is not quantized. */
export function quantWeightType(value: string, dtype: string): VxError {
  return quantError("VX-QUANT-WEIGHT-TYPE", "quantize", `the weight has element type ${dtype}; f32, f16 and bf16 can be quantized.`, {
    where: { value },
  });
}
