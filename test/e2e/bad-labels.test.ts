import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLASSIFIER, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const data = join(folder.path, "eval.jsonl");
const recipe = join(folder.path, "eval.yaml");
const dist = join(folder.path, "dist");
const PICTURE = join(ROOT, "examples/tiny-llava/images/single-000.png");
const SAYS = /label 4096 is outside the \d+ classes of the model's output/;

beforeAll(() => {
  writeFileSync(data, [1, 4096].map((label) => JSON.stringify({ image: PICTURE, label })).join("\n"));
  writeFileSync(recipe, "version: 1\nextends: preset:weights-int8\neval: { data: eval.jsonl }\n");
});

test("eval refuses a label that the model has no class for, with its line", () => {
  vlmExport([CLASSIFIER, "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", dist, "--cache", "off", "--verify", "none"]);
  const { code, stderr } = vlmExport(["eval", dist, "--data", data]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`VX-CAL-LABEL ${data}:2`) });
  expect(stderr).toMatch(SAYS);
});

test("the evaluation of a recipe refuses it too", () => {
  const out = join(folder.path, "with-eval");
  const { code, stderr } = vlmExport([CLASSIFIER, "-r", recipe, "-t", "onnx-qdq", "-o", out, "--cache", "off"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(`VX-CAL-LABEL ${data}:2`) });
  expect(stderr).toMatch(SAYS);
});

test("data that is not there ends the run before any work", () => {
  const early = join(folder.path, "early.yaml");
  writeFileSync(early, "version: 1\nextends: preset:weights-int8\neval: { data: none.jsonl }\n");
  const found = vlmExport([CLASSIFIER, "-r", early, "-t", "onnx-qdq", "-o", join(folder.path, "early"), "--cache", "off"]);
  expect(found).toMatchObject({ code: 1, stderr: expect.stringContaining("VX-CAL-SOURCE") });
  expect(found.stderr).not.toContain("quantize:");
  const calibration = ["--calibration", join(folder.path, "none.jsonl")];
  const other = vlmExport([CLASSIFIER, ...calibration, "-t", "onnx-qdq", "-o", join(folder.path, "early"), "--cache", "off"]);
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining("VX-CAL-SOURCE") });
  expect(other.stderr).not.toContain("quantize:");
});

test("eval compares with the model that the artifacts were made of, not with what its file has become", () => {
  const model = join(folder.path, "model.onnx");
  const out = join(folder.path, "of-copy");
  const good = join(folder.path, "good.jsonl");
  writeFileSync(good, JSON.stringify({ image: PICTURE, label: 1 }));
  copyFileSync(CLASSIFIER, model);
  vlmExport([model, "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", out, "--cache", "off", "--verify", "none"]);
  const bytes = readFileSync(CLASSIFIER);
  const middle = bytes.length >> 1; // of a weight
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(model, bytes);
  const otherWeights = vlmExport(["eval", out, "--data", good]);
  expect(otherWeights).toMatchObject({ code: 1, stderr: expect.stringContaining(`VX-VERIFY-SOURCE ${model}`) });
  copyFileSync(join(ROOT, "examples/tiny-llava/onnx/vision_encoder.onnx"), model);
  const changed = vlmExport(["eval", out, "--data", good]);
  expect(changed).toMatchObject({ code: 1, stderr: expect.stringContaining(`VX-VERIFY-SOURCE ${model}`) });
  const noScores = vlmExport(["eval", out, "--data", good, "--model", join(ROOT, "examples/tiny-llava/onnx/vision_encoder.onnx")]);
  expect(noScores).toMatchObject({ code: 1, stderr: expect.stringContaining("VX-VERIFY-NO-SCORES") });
});

test.each(["many", "0", "-3", "1.5"])("eval --limit %s is refused", (limit) => {
  const { code, stderr } = vlmExport(["eval", dist, "--data", data, "--limit", limit]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("--limit is no whole number above 0") });
});
