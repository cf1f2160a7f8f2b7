import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxGraph, onnxModel, onnxNode, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { inspectModel } from "./inspect.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-inspect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function modelFile(opset: number): Promise<string> {
  const path = join(folder, `opset-${opset}.onnx`);
  const graph = onnxGraph({
    name: "g",
    inputs: [onnxValue("x", "f32", [4])],
    outputs: [onnxValue("y", "f32", [4])],
    nodes: [onnxNode({ opType: "Relu", inputs: ["x"], outputs: ["y"] })],
  });
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: opset }], graph }), path);
  return path;
}

test.each([11, 17])("the opset is that of the file, %i, not that of the pinned forms", async (opset) => {
  expect(await inspectModel(await modelFile(opset))).toMatchObject({ opset, components: [{ name: "main", nodes: 1 }] });
});
