import { type Diagnostic, VxError } from "@vlm-export/ir";

/** An emitted file that the independent reader cannot take. */
export function decodeMalformed(file: string, reason: string): VxError {
  return new VxError(
    {
      code: "VX-DECODE-ONNX",
      severity: "error",
      message: `cannot decode ${file}: ${reason}.`,
      hint: "The artifact is damaged or was changed after it was written; build it again.",
      where: { stage: "verify", backend: "onnx-qdq", file },
    },
    { kind: "verify" },
  );
}

/** A model of a newer opset than targets.onnx-qdq.opset says. */
export function lowerRaised(
  component: string,
  opsets: { readonly asked: number; readonly written: number },
  isQuantized: boolean,
): Diagnostic {
  const { asked, written } = opsets;
  const [who, hint] = isQuantized
    ? [
        "integers",
        "Opset 21 has 4- and 16-bit integers and blocks, 25 has 2-bit ones, and those of float16 values need 19: use int8 per channel or tensor for an older one.",
      ]
    : ["operators", "Export the model without operators that are newer than that."];
  return {
    code: "VX-LOWER-ONNX-RAISED",
    severity: "warning",
    message: `the model is written in opset ${written}, which its ${who} need, and not in opset ${asked}.`,
    hint,
    where: { stage: "lower", backend: "onnx-qdq", component },
  };
}

/** ONNX Runtime lacks something that the artifact needs (a kernel, an operator, a type, memory), so the artifact was not run. */
export function toolOnnxEngineLacks(cause: VxError): VxError {
  return engineError("VX-TOOL-ONNX-ENGINE", cause, {
    message: `this ONNX Runtime cannot run the artifact: ${cause.message}`,
    hint: "Run the artifact on an engine that has what is missing; `--verify decode` proves it without one.",
    kind: "tool",
  });
}

/** ONNX Runtime refuses the artifact, or fails while it runs it. */
export function verifyOnnxEngine(cause: VxError): VxError {
  return engineError("VX-VERIFY-ONNX-ENGINE", cause, {
    message: `the artifact does not run: ${cause.message}`,
    hint: "If the source model runs there, this is a bug of vlm-export: report it with the model. `--verify decode` leaves the engine out.",
    kind: "verify",
  });
}

function engineError(
  code: Diagnostic["code"],
  cause: VxError,
  { message, hint, kind }: { readonly message: string; readonly hint: string; readonly kind: "tool" | "verify" },
): VxError {
  return new VxError(
    { ...cause.diagnostic, code, message, hint, where: { ...cause.diagnostic.where, backend: "onnx-qdq" } },
    { cause, kind },
  );
}
