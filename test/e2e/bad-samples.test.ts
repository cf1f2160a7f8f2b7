import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { intAttribute, onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Finished, temporaryFolder, vlmExport } from "./run-cli.js";
import { i64, npz, ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const at = (name: string): string => join(folder.path, name);
const model = at("model.onnx");
/** The second line has an id that the table of 7 rows lacks. */
const data = at("data.jsonl");

beforeAll(async () => {
  const graph = smallModel({
    name: "table",
    inputs: [onnxValue("ids", "i64", ["batch"])],
    outputs: [onnxValue("y", "f32", ["batch", 8])],
    initializers: [onnxTensor("table", "f32", [7, 16], ramp(112)), onnxTensor("w", "f32", [16, 8], ramp(128))],
    nodes: [
      onnxNode({ opType: "Gather", name: "/embed", inputs: ["table", "ids"], outputs: ["e"] }),
      onnxNode({ opType: "MatMul", inputs: ["e", "w"], outputs: ["y"] }),
    ],
  });
  await writeOnnx(graph, model);
  for (const [name, ids] of [
    ["good", [6]],
    ["bad", [7]],
  ] as const)
    writeFileSync(at(`${name}.npz`), await npz({ ids: { dtype: "i64", shape: [1], data: i64(ids) } }));
  writeFileSync(data, ["good", "bad"].map((name) => JSON.stringify({ tensors: `${name}.npz`, label: 1 })).join("\n"));
  writeFileSync(at("eval.yaml"), "version: 1\nextends: preset:weights-int8\neval: { data: data.jsonl }\n");
});

function expectRefusal({ code, stderr }: Finished): void {
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`VX-ENGINE-SAMPLE ${data}:2`) });
  expect(stderr).toMatch(/node "\/embed".*the engine fails on this sample: .*idx=7 must be within/);
}

test.each([
  ["calibration", ["-r", "preset:int8", "--calibration", data]],
  ["verification", ["-r", "preset:weights-int8", "--calibration", data]],
  ["the evaluation of a recipe", ["-r", at("eval.yaml")]],
])("a sample that the model cannot take is the user's error at its line, in %s", (name, options) => {
  const out = at(name.replaceAll(" ", "-"));
  expectRefusal(vlmExport([model, ...options, "-t", "onnx-qdq", "-o", out, "--cache", "off"]));
});

test("and in eval", () => {
  vlmExport([model, "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", at("dist"), "--cache", "off", "--verify", "none"]);
  expectRefusal(vlmExport(["eval", at("dist"), "--data", data]));
});

test("a model whose first output is the class itself has no scores to compare", async () => {
  const graph = smallModel({
    name: "classes",
    inputs: [onnxValue("x", "f32", ["batch", 16])],
    outputs: [onnxValue("class", "i64", ["batch"])],
    initializers: [onnxTensor("w", "f32", [16, 8], ramp(128))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["y"] }),
      onnxNode({ opType: "ArgMax", inputs: ["y"], outputs: ["class"], attributes: [intAttribute("axis", 1), intAttribute("keepdims", 0)] }),
    ],
  });
  await writeOnnx(graph, at("classes.onnx"));
  writeFileSync(at("x.npz"), await npz({ x: { dtype: "f32", shape: [1, 16], data: ramp(16) } }));
  writeFileSync(at("x.jsonl"), JSON.stringify({ tensors: "x.npz", label: 3 }));
  vlmExport([at("classes.onnx"), "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", at("classes"), "--cache", "off", "--verify", "none"]);
  const { code, stderr } = vlmExport(["eval", at("classes"), "--data", at("x.jsonl")]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("VX-VERIFY-NO-SCORES") });
});
