import { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { engineFailure } from "./engine-failure.js";

const raised = (code: `VX-${string}`, message: string): VxError =>
  new VxError({ code, severity: "error", message, where: { stage: "verify", node: "n" } }, { kind: "tool" });

test.each([
  ["VX-ENGINE-LOAD", "ONNX Runtime cannot load the model: Could not find an implementation for MatMul(13) node with name 'm'"],
  ["VX-ENGINE-LOAD", "ONNX Runtime cannot load the model: Fatal error: com.acme:Foo(-1) is not a registered function/op"],
  ["VX-ENGINE-LOAD", "ONNX Runtime cannot load the model: Unsupported data type: 17"],
  ["VX-ENGINE-LOAD", "ONNX Runtime cannot load the model: Failed to find kernel for Cast(23) (node:'Cast_0' ep:'CPUExecutionProvider')."],
  [
    "VX-ENGINE-LOAD",
    "ONNX Runtime cannot load the model: layout_ == 0 was false. Batchwise recurrent operations (layout == 1) are not supported.",
  ],
  ["VX-ENGINE-LOAD", "ONNX Runtime cannot load the model: Exception during initialization: Failed to construct locale with name:en_US"],
  ["VX-ENGINE-RUN", "ONNX Runtime cannot run the model: Failed to allocate memory for requested buffer of size 99999999999"],
  ["VX-ENGINE-DTYPE", "value q has element type none"],
] as const)("what the engine lacks says nothing about the artifact: %s %s", (code, message) => {
  const failure = engineFailure(raised(code, message));
  expect(failure).toMatchObject({ kind: "tool", diagnostic: { code: "VX-TOOL-ONNX-ENGINE", where: { node: "n", backend: "onnx-qdq" } } });
  expect((failure as VxError).message).toContain(message);
});

test.each(["VX-ENGINE-LOAD", "VX-ENGINE-RUN"] as const)("any other refusal is the artifact's: %s", (code) => {
  const failure = engineFailure(raised(code, "Node (loop) Op (Loop) [TypeInferenceError] ranks differ"));
  expect(failure).toMatchObject({ kind: "verify", diagnostic: { code: "VX-VERIFY-ONNX-ENGINE" } });
  expect((failure as VxError).message).toContain("ranks differ");
});

test("errors of another origin stay what they are", () => {
  const missing = raised("VX-ENGINE-MISSING", "not installed");
  const bug = new TypeError("x is undefined");
  expect([engineFailure(missing), engineFailure(bug)]).toEqual([missing, bug]);
});
