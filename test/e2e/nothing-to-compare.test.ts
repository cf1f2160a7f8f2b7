import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, npz, ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("outputs without an element are not run, and no gate passes on them", async () => {
  const at = (name: string): string => join(folder.path, name);
  const graph = smallModel({
    name: "places",
    inputs: [onnxValue("x", "f32", [1, 16])],
    outputs: [onnxValue("y", "i64", [2, "found"])],
    initializers: [onnxTensor("w", "f32", [16, 8], ramp(128))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({ opType: "NonZero", inputs: ["h"], outputs: ["y"] }),
    ],
  });
  await writeOnnx(graph, at("model.onnx"));
  writeFileSync(at("zeros.npz"), await npz({ x: { dtype: "f32", shape: [1, 16], data: f32(Array<number>(16).fill(0)) } }));
  writeFileSync(at("data.jsonl"), '{"tensors": "zeros.npz"}\n');
  writeFileSync(
    at("recipe.yaml"),
    "version: 1\nextends: preset:weights-int8\ncalibration: { data: data.jsonl }\ngates: { minCosine: 0.99 }\n",
  );
  vlmExport([at("model.onnx"), "-r", at("recipe.yaml"), "-t", "onnx-qdq", "-o", at("dist"), "--cache", "off"]);
  const report = JSON.parse(readFileSync(at("dist/report.json"), "utf8"));
  const reason = expect.stringContaining("no output has an element on any sample of");
  expect(report.targets["onnx-qdq"].engine).toEqual({ status: "not-run", reason });
  expect(report.gates).toContainEqual(expect.objectContaining({ gate: "minCosine", status: "not-run", reason }));
});
