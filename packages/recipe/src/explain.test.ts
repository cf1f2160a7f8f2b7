import path from "node:path";
import { type Graph, GraphEditor, type OpRegistry } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { explainRecipe, initRecipe, loadRecipe, parseRecipe, PRESETS, withCalibrationData } from "./index.js";

const ops: OpRegistry = { get: () => undefined, all: new Map() };

test("every preset explained is a recipe with the same hash", async () => {
  for (const name of Object.keys(PRESETS)) {
    const recipe = await loadRecipe(`preset:${name}`);
    const again = await parseRecipe(explainRecipe(recipe), { file: "explained.yaml" });
    expect(again.hash, name).toBe(recipe.hash);
  }
});

test("settings that a rule cannot have are left out, so that the text is a recipe again", async () => {
  const rule = "  - match: { op: A }\n    weights: { dtype: int8 }\n    activations: { dtype: uint8, mode: dynamic }";
  const recipe = await parseRecipe(`version: 1\ncalibration: { method: mse }\nrules:\n${rule}`, { file: "r.yaml" });
  const text = explainRecipe(recipe);
  expect(text.slice(text.indexOf("rules:"))).not.toMatch(/unfit|fixedRanges|mse/);
  expect((await parseRecipe(text, { file: "e.yaml" })).hash).toBe(recipe.hash);
});

test("each line says where it came from", async () => {
  const recipe = await parseRecipe(
    "version: 1\nextends: preset:int8\ncalibration: { data: c.jsonl, method: percentile }\nrules:\n  - match: { role: '**.head' }\n    keep: float16\ntargets:\n  tflite: { layout: NHWC }\n",
    { file: "r.yaml" },
  );
  const text = explainRecipe(recipe);
  const found = (pattern: RegExp): string =>
    text
      .split("\n")
      .find((line) => pattern.test(line))
      ?.replaceAll(/ +/g, " ") ?? "";
  expect(found(/data:/)).toBe(` data: ${path.resolve("c.jsonl")} # r.yaml:3`);
  expect(found(/samples:/)).toBe(" samples: 64 # default");
  expect(found(/scaleDtype:/)).toBe(" scaleDtype: float32 # default");
  expect(found(/granularity: channel/)).toBe(" granularity: channel # preset:int8:7");
  expect(found(/^ {6}method: percentile/)).toBe(" method: percentile # r.yaml:3");
  expect(found(/keep:/)).toBe(" keep: float16 # r.yaml:6");
  expect(found(/tflite:/)).toBe(" tflite: { layout: NHWC } # r.yaml:8");
});

test("other calibration data change the hash", async () => {
  const recipe = await loadRecipe("preset:int8");
  const other = withCalibrationData(recipe, "mine.jsonl", "--calibration");
  expect([other.calibration.data, other.hash === recipe.hash]).toEqual(["mine.jsonl", false]);
});

test("a first recipe is valid whatever the model", async () => {
  const edit = new GraphEditor(ops, "two\nlines # x");
  edit.addInput("pixel: values", { dtype: "f32", shape: ["batch", 3, 64, 64] });
  for (const preset of Object.keys(PRESETS)) {
    for (const options of [
      { preset, hasPreprocessor: false },
      { preset, hasPreprocessor: true, data: "c d.jsonl", evalData: "#e.jsonl" },
    ]) {
      const text = initRecipe(edit.graph, options);
      const recipe = await parseRecipe(text, { file: "r.yaml" });
      expect(recipe.sources).toEqual([`preset:${preset}`, "r.yaml"]);
      expect(recipe.model.image?.input).toBe(options.hasPreprocessor ? undefined : "pixel: values");
    }
  }
});

test("the rules of a first recipe hold once they are no comment any more", async () => {
  const graph = { name: "m", inputs: [], nodes: [{ role: "head" }, { role: "projector.fc1" }] } as unknown as Graph;
  const text = initRecipe(graph, { preset: "int8", hasPreprocessor: false });
  const { rules } = await parseRecipe(text.replaceAll(/^# (rules:| {2}- match:.*| {4}keep:.*)$/gm, "$1"), { file: "r.yaml" });
  expect(rules.at(-1)).toMatchObject({ keep: "f16", fromPreset: false });
});
