import { writeFileSync } from "node:fs";
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
