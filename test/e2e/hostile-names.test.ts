import { readFileSync } from "node:fs";
import { join } from "node:path";
import { onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("names from a model reach terminal and report as text, on one line", async () => {
  const model = join(folder.path, "model.onnx");
  const name = "a\u001b[2J\nb";
  const graph = smallModel({
    name,
    inputs: [onnxValue(name, "f32", [1, 16])],
    outputs: [onnxValue("y", "f32", [1, 8])],
    initializers: [onnxTensor(`w${name}`, "f32", [16, 8], ramp(128))],
    nodes: [onnxNode({ opType: "MatMul", name: `n${name}`, inputs: [name, `w${name}`], outputs: ["y"] })],
  });
  await writeOnnx({ ...graph, producerName: name }, model);
  const dist = join(folder.path, "dist");
  const exported = [model, "-t", "onnx-qdq", "-o", dist, "--cache", "off"];
  for (const words of [["inspect", model], ["inspect", "--ir", model], ["plan", model], ["recipe", "init", model], exported]) {
    const { code, stdout, stderr } = vlmExport(words);
    expect(code).toBe(0);
    expect(`${stdout}${stderr}`.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(stdout).not.toMatch(/^b/m);
  }
  const report = readFileSync(join(dist, "report.md"), "utf8");
  expect(report.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  expect(report).not.toMatch(/^b/m);
});
