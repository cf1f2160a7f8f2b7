import { VxError } from "@vlm-export/ir";

/** An emitted file that the independent reader cannot take. */
export function decodeMalformed(file: string, reason: string): VxError {
  return new VxError(
    {
      code: "VX-DECODE-ONNX",
      severity: "error",
      message: `cannot decode ${file}: ${reason}.`,
      where: { stage: "verify", backend: "onnx-qdq", file },
    },
    { kind: "verify" },
  );
}
