import { graphAttribute, onnxGraph, onnxModel, onnxValue } from "@vlm-export/formats/onnx";
import { memoryTensor } from "@vlm-export/ir";
import { test } from "vitest";
import { expectClose, node, ramp, roundTrip, wide } from "./round-trip.fixture.js";

test("control flow with captured values gives what the source gives", async () => {
  const branch = (op: string) =>
    graphAttribute(
      op === "Add" ? "then_branch" : "else_branch",
      onnxGraph({ name: op, nodes: [node(op, "x k", `${op}_out`)], outputs: [onnxValue(`${op}_out`, "f32", undefined)] }),
    );
  const graph = onnxGraph({
    name: "main",
    nodes: [node("Mul", "x x", "k"), node("If", "c", "y", branch("Add"), branch("Sub"))],
    inputs: [onnxValue("x", "f32", wide), onnxValue("c", "bool", [])],
    outputs: [onnxValue("y", "f32", undefined)],
  });
  const model = onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 13 }], graph });
  for (const truth of [0, 1]) {
    const sample = new Map([
      ["x", ramp(wide)],
      ["c", memoryTensor("bool", [], Uint8Array.of(truth))],
    ]);
    const { expected, actual } = await roundTrip(model, sample);
    expectClose(actual.get("y")!, expected.get("y")!);
  }
});
