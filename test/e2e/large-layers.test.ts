import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("of layers with over a million elements a part is compared, and the report says which", async () => {
  const model = join(folder.path, "wide.onnx");
  const wide = smallModel({
    name: "wide",
    inputs: [onnxValue("x", "f32", [1050, 8])],
    outputs: [onnxValue("y", "f32", [1050, 4])],
    initializers: [onnxTensor("w", "f32", [8, 1000], ramp(8000)), onnxTensor("v", "f32", [1000, 4], ramp(4000))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({ opType: "MatMul", inputs: ["h", "v"], outputs: ["y"] }),
    ],
  });
  await writeOnnx(wide, model);
  const out = join(folder.path, "out");
  expect(vlmExport([model, "-t", "onnx-qdq", "-o", out, "--cache", "off"])).toMatchObject({ code: 0 });
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  const layers = new Map(report.targets["onnx-qdq"]?.engine?.layers?.map((layer) => [layer.value, layer]));
  expect(layers.get("h")).toMatchObject({ every: 3 });
  expect(layers.get("h")?.sqnrDb).toBeGreaterThan(30);
  expect(layers.get("y")).not.toHaveProperty("every");
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain("(1 of 3 elements)");
});
