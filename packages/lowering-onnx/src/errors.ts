import { type Diagnostic, VxError } from "@vlm-export/ir";

function lowerError(code: `VX-LOWER-${string}`, where: Omit<Diagnostic["where"], "stage">, message: string, hint?: string): VxError {
  return new VxError({ code, severity: "error", message, ...(hint !== undefined && { hint }), where: { stage: "lower", ...where } });
}

/** An attribute of an op without schema whose ONNX kind cannot be told from its value. */
export function lowerAttribute(node: string, op: string, attribute: string): VxError {
  return lowerError(
    "VX-LOWER-ATTRIBUTE",
    { node },
    `${op}: attribute ${JSON.stringify(attribute)} has no known ONNX kind; an operator without schema needs encoded attributes.`,
    "Leave this target out, or export the model without that operator.",
  );
}

/** A layout of scales that Q/DQ operators cannot express. */
export function lowerGranularity(value: string, shape: string, scaleShape: readonly number[]): VxError {
  return lowerError(
    "VX-LOWER-GRANULARITY",
    { value },
    `scales [${scaleShape.join(", ")}] of a value [${shape}] are neither one, nor one per index of an axis, nor blocks along one axis; ONNX has no other form.`,
    "Use granularity: channel, or block along one axis with a scale for every index of the others.",
  );
}

/** Nothing at any known opset takes this node. */
export function lowerOpset(node: string, op: string, why: string): VxError {
  return lowerError(
    "VX-LOWER-OPSET",
    { node },
    `${op}: no ONNX opset takes this node: ${why}.`,
    "Leave this target out, or export the model without that operator.",
  );
}

/** Qparams that are incomplete. */
export function lowerQparams(value: string, why: string): VxError {
  return lowerError("VX-LOWER-QPARAMS", { value }, `the quantization of ${JSON.stringify(value)} ${why}.`);
}

/** A storage type that no QuantizeLinear makes. */
export function lowerStorage(value: string, storage: string, mode: string): VxError {
  return lowerError(
    "VX-LOWER-STORAGE",
    { value },
    `${mode} quantization to ${storage} has no ONNX form; expected u8, i8, u16, i16, u4, i4, u2 or i2.`,
    "Choose another dtype for it in the recipe.",
  );
}

/** A tap on a value that the graph does not have. */
export function lowerTap(value: string): VxError {
  return lowerError("VX-LOWER-TAP", { value }, `there is no value ${JSON.stringify(value)} to tap in the graph.`);
}
