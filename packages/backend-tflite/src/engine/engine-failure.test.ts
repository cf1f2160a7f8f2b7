import { expect, test } from "vitest";
import { engineFailure } from "./engine-failure.js";

test.each(["Element type INT8 is not supported.", "ERROR: Didn't find op for builtin opcode 'FOO' version '9'", "Aborted(OOM)"])(
  "what the engine lacks says nothing about the artifact: %s",
  (detail) => {
    expect(engineFailure(detail)).toMatchObject({ kind: "tool", diagnostic: { code: "VX-TOOL-TFLITE-ENGINE" } });
  },
);

test("any other refusal is the artifact's", () => {
  const failure = engineFailure("ERROR: Node number 3 (ADD) failed to prepare.");
  expect(failure).toMatchObject({ kind: "verify", diagnostic: { code: "VX-VERIFY-TFLITE-ENGINE" } });
  expect(failure.message).toContain("(ADD) failed to prepare");
});
