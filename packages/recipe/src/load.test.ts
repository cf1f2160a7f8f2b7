import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { VxError } from "@vlm-export/ir";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadRecipe, parseRecipe, PRESETS } from "./index.js";
import { presetUrl } from "./presets.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "recipe-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function findings(text: string): Promise<readonly string[]> {
  try {
    await parseRecipe(text, { file: "r.yaml" });
    return [];
  } catch (error) {
    if (!(error instanceof VxError)) throw error;
    return error.diagnostics.map(({ code, message, hint, where }) => `${where.line}:${where.column} ${code} ${message} | ${hint ?? ""}`);
  }
}

test("the list of presets is what the folder holds, and each loads", async () => {
  const files = await readdir(new URL(".", presetUrl("int8")));
  expect(files.map((file) => file.replace(".yaml", "")).sort()).toEqual(Object.keys(PRESETS));
  for (const name of Object.keys(PRESETS)) expect((await loadRecipe(`preset:${name}`)).rules.length).toBeGreaterThan(0);
});

test.each([
  ["version: 2", "1:10 VX-RECIPE-VALUE version: expected 1, got 2. | "],
  ["rules: []", '1:1 VX-RECIPE-VALUE the recipe: key "version" is missing. | '],
  ["version: 1\nrulez: []", '2:1 VX-RECIPE-KEY unknown key "rulez" in the recipe. | Did you mean "rules"? Known keys: version, extends,'],
  [
    "version: 1\nrules:\n  - match: { op: MatMul }\n    weights: { dtype: int9 }",
    "4:23 VX-RECIPE-VALUE rules[0].weights.dtype: expected one of int8,",
  ],
  ["version: 1\nrules:\n  - match: { op: MatMul }\n    weights: { dtype: fp16 }", 'Did you mean "float16"?'],
  [
    "version: 1\nrules:\n  - match: { op: MatMul }\n    weights: { dtpye: int8 }",
    '4:16 VX-RECIPE-KEY unknown key "dtpye" in rules[0].weights. | Did you mean "dtype"?',
  ],
  [
    "version: 1\nrules:\n  - match: { op: MatMul }\n    weights: flaot",
    '4:14 VX-RECIPE-VALUE rules[0].weights: expected "float" or a mapping, got "flaot". | Did you mean "float"?',
  ],
  ["version: 1\nrules:\n  - match: { op: 3 }\n    keep: float", "3:18 VX-RECIPE-VALUE rules[0].match.op: expected text or a list, got 3."],
  ["version: 1\nrules: { match: 1 }", "2:8 VX-RECIPE-VALUE rules: expected a list, got a mapping."],
  ["version: 1\ncalibration: { samples: many }", '2:25 VX-RECIPE-VALUE calibration.samples: expected a whole number, got "many".'],
  ["version: 1\ncalibration: { samples: 0 }", "expected at least 1, got 0"],
  ["version: 1\ncalibration: { samples: .nan }", "expected a whole number, got NaN"],
  ["version: 1\nmodel: { image: { rescale: .inf } }", "2:28 VX-RECIPE-VALUE model.image.rescale: expected a number, got Infinity."],
  ["version: 1\ngates: { maxDegradation: 2 percent }", "2:26 VX-RECIPE-VALUE gates.maxDegradation:"],
  ["version: 1\nrules:\n  - match: {}\n    keep: float", "expected at least one key, got none"],
  ["version: 1\nrules:\n  - match: { op: A }", "3:5 VX-RECIPE-VALUE the rule decides nothing."],
  ["version: 1\nrules:\n  - match: { role: 'a..b' }\n    keep: float", '3:20 VX-RECIPE-PATTERN pattern "a..b": a segment is empty.'],
  ["version: 1\nrules:\n  - match: { name: '/(/' }\n    keep: float", "3:20 VX-RECIPE-PATTERN"],
  [
    "version: 1\nrules:\n  - match: { op: A }\n    keep: float\n    weights: { dtype: int8 }",
    "VX-QUANT-COMBINATION one rule has both keep and weights.",
  ],
  [
    "version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int4, algorithm: { name: awq, grid: 20 } }",
    "4:40 VX-RECIPE-NOT-EXECUTED algorithm awq is not executed",
  ],
  [
    "version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int4, scaleLattice: universal }",
    "VX-RECIPE-NOT-EXECUTED scaleLattice universal",
  ],
  ["version: 1\nrules:\n  - match: { role: kv_cache }\n    values: { dtype: int8 }", "4:5 VX-RECIPE-NOT-EXECUTED values"],
  [
    "version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int8, unfit: int8 }",
    "4:36 VX-QUANT-COMBINATION unfit is for blocks, and the granularity is channel.",
  ],
  ...["method: mse", "percentile: 99", "movingAverage: 0.5", "outputs: true", "fixedRanges: true"].map((stated): [string, string] => [
    `version: 1\nrules:\n  - match: { op: A }\n    activations: { dtype: int8, mode: dynamic, ${stated} }`,
    `VX-QUANT-COMBINATION ${stated.split(":", 1).join()} needs mode static.`,
  ]),
  [
    "version: 1\nrules:\n  - match: { op: A }\n    activations: { dtype: int8, granularity: channel }",
    "activations have no granularity channel",
  ],
  ["version: 1\nplacement:\n  - match: { op: A }\n    unit: gpu", "2:1 VX-RECIPE-NOT-EXECUTED placement"],
  ["version: 1\ncalibration: { modality: union }", "2:16 VX-RECIPE-NOT-EXECUTED calibration.modality"],
  [
    "version: 1\nextends: preset:int9",
    '2:10 VX-RECIPE-EXTENDS there is no preset "int9". | Did you mean "preset:int8"'.replace("preset:int8", "int8"),
  ],
  ["version: 1\nextends: some-package", "2:10 VX-RECIPE-EXTENDS"],
  ["version: 1\nextends: [./none.yaml]", '2:11 VX-RECIPE-FILE cannot read recipe "none.yaml": there is no such file.'],
  ["version: '1'", '1:10 VX-RECIPE-VALUE version: expected 1, got "1". | Write 1 without quotes.'],
  ["extends: preset:int8", 'VX-RECIPE-VALUE the recipe: key "version" is missing. | Add `version: 1`.'],
  ["hello", '1:1 VX-RECIPE-VALUE the recipe: expected a mapping, got "hello". | A recipe begins with `version: 1`'],
  ["version: 1\nrules:", "2:7 VX-RECIPE-VALUE rules: expected a list, got nothing. | Write a value behind the colon"],
  ["version: 1\nrules: { match: 1 }", "| Begin each entry with `- `."],
  ["version: 1\ntargets: [tflite]", "| Write keys and values below targets, without `- `."],
  ["version: 1\ncalibration: { samples: '64' }", "| Write 64 without quotes."],
  ["version: 1\ncalibration: { samples: 0 }", "| How many samples to use"],
  ["version: 1\nrules:\n  - match: { op: A }\n    weights: int8", "| Write { dtype: int8 }."],
  ["version: 1\nrules:\n  - match: { op: A }\n    weights: { granularity: channel }", "| Add dtype, one of int8, "],
  ["version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int8, symmetric: yes }", "| Write true."],
  ["version: 1\nrules:\n  - match: { op: 3 }\n    keep: float", '| Write it in quotes: "3".'],
  ["version: 1\nrules:\n  - op: MatMul\n    keep: float", '3:5 VX-RECIPE-KEY unknown key "op" in rules[0]. | It stands in match.'],
  [
    "version: 1\nrules:\n  - match: { layers: 0-3 }\n    keep: float",
    'expected a block range such as 0..3 or -2..-1, got "0-3". | Block index or range',
  ],
  ["version: 1\ngates: { maxDegradation: 5 }", "expected at most 1, got 5. | Loss of task accuracy relative to float"],
  [
    "version: 1\nmodel: { image: { mean: [0, x] } }",
    '2:29 VX-RECIPE-VALUE model.image.mean[1]: expected a number, got "x". | Subtracted after rescale',
  ],
  [
    "version: 1\ncalibration: { seed: 99999999999999999999 }",
    "2:22 VX-RECIPE-INTEGER integer 99999999999999999999 is outside ±9007199254740991. | Write a smaller number",
  ],
  ["version: 1\nrules:\n  - match: { name: '/(?=a)/' }\n    keep: float", "| Between / / stands RE2 syntax"],
  ["version: 1\n<<: { a: 1 }", "YAML 1.2 has no merge keys"],
  ["version: 1\n__proto__: { a: 1 }", '2:1 VX-RECIPE-KEY unknown key "__proto__" in the recipe. | Known keys:'],
  ["version: 1\nconstructor: 1", '2:1 VX-RECIPE-KEY unknown key "constructor" in the recipe. | Known keys:'],
  [
    "version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int4, groupSize: 64, blockSize: 64 }",
    "4:29 VX-RECIPE-KEY groupSize and blockSize in rules[0].weights mean the same. | Keep blockSize.",
  ],
  [
    "version: 1\nrules:\n  - match: { layers: 3..0 }\n    keep: float",
    "3:22 VX-RECIPE-PATTERN layers 3..0: the range ends before it begins. | Write 0..3.",
  ],
  ["version: 1\nrules:\n  - match: { layers: -1..-2 }\n    keep: float", "Write -2..-1."],
  ["version: 1\nrules:\n  - match: { layers: 1.5 }\n    keep: float", "got 1.5. | Block index or range"],
  ["# nothing", "VX-RECIPE-EMPTY the recipe is empty. | Begin with `version: 1`, or run `vlm-export recipe init MODEL`."],
  ["version: 1\ncalibration: { method: mse, percentile: 99 }", "| Write method: percentile, or remove percentile."],
  ["version: 1\nrules:\n  - match: { op: A }\n    weights: float16", "| Write keep: float16 in the rule instead"],
  ["version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: float16 }", "| For float16, write keep: float16 in the rule"],
  ["version: 1\nextends: int8", "| Write preset:int8 for a preset or ./int8.yaml for a file."],
  ["version: 1\nextends: mine.json", "| Write preset:NAME for a preset or ./mine.json for a file."],
  ["version: 1\nextends: PRESET:int8", "| Write preset:int8."],
  ["version: 1\nextends: https://example.com/a.yaml", "is a URL; only files are read."],
  ["version: 1\nextends: [preset: int8]", "| Write preset:int8, without a space behind the colon."],
  ["version: 1\ncalibration: random", "| Write { KEY: VALUE }; keys: data, samples, "],
  ["version: 1\ngates: { maxDegradation: 200% }", "2:26 VX-RECIPE-VALUE gates.maxDegradation: expected a percentage up to 100 %"],
  [
    "version: 1\nmodel: { image: { crop: none, shortestEdge: 80 } }",
    "2:31 VX-RECIPE-VALUE model.image.shortestEdge has no meaning with crop: none",
  ],
])("%j", async (text, expected) => {
  const found = await findings(text);
  expect(found.join("\n")).toContain(expected);
});

test("all findings come at once", async () => {
  expect(await findings("version: 1\nfoo: 1\nonLoss: maybe\ngates: { minCosine: 3 }")).toHaveLength(3);
});

test("groupSize is blockSize with a warning", async () => {
  const { rules, diagnostics } = await parseRecipe(
    "version: 1\nrules:\n  - match: { op: MatMul }\n    weights: { dtype: int4, groupSize: 64 }",
    { file: "r.yaml" },
  );
  expect(rules[0]?.weights).toMatchObject({ storage: "i4", granularity: "block", blockSize: 64, scaleDtype: "f16", range: [-7, 7] });
  expect(diagnostics.map(({ code, where }) => [code, where.line, where.column])).toEqual([["VX-RECIPE-ALIAS-WORD", 4, 29]]);
});

test("defaults: per-channel symmetric weights and per-tensor asymmetric activations", async () => {
  const { rules } = await parseRecipe(
    "version: 1\nrules:\n  - match: { op: A }\n    weights: { dtype: int8 }\n    activations: { dtype: int8 }",
    { file: "r.yaml" },
  );
  expect(rules[0]).toMatchObject({
    decidedBy: { file: "r.yaml", line: 3, column: 5, rule: 0 },
    weights: { storage: "i8", granularity: "channel", symmetric: true, scaleDtype: "f32", range: [-127, 127], method: "minmax" },
    activations: {
      storage: "i8",
      granularity: "tensor",
      symmetric: false,
      mode: "static",
      range: [-128, 127],
      method: { name: "minmax" },
      outputs: false,
    },
  });
});

test("bases come first, this file wins, paths are relative to the file that holds them", async () => {
  await writeFile(
    path.join(folder, "base.yaml"),
    "version: 1\ncalibration: { data: base.jsonl, samples: 8, method: percentile, percentile: 99 }\nrules:\n  - match: { op: A }\n    keep: float\n",
  );
  await writeFile(
    path.join(folder, "top.yaml"),
    "version: 1\nextends: [preset:int8, base.yaml]\ncalibration: { samples: 9 }\nrules:\n  - match: { op: B }\n    keep: float16\n",
  );
  const recipe = await loadRecipe(path.join(folder, "top.yaml"));
  expect(recipe.calibration).toEqual({
    data: path.join(folder, "base.jsonl"),
    samples: 9,
    seed: 0,
    method: { name: "percentile", percentile: 99 },
  });
  expect(recipe.rules.map(({ fromPreset, matcher }) => [fromPreset, matcher.ops?.[0]])).toEqual([
    [true, "Conv"],
    [true, "Einsum"],
    [false, "A"],
    [false, "B"],
  ]);
  expect(recipe.rules[0]?.activations).toMatchObject({ method: { name: "percentile", percentile: 99 } });
  expect(recipe.origins.get("calibration.samples")).toMatchObject({ line: 3 });
  expect(recipe.origins.get("calibration.seed")).toBe("default");
});

test("a circle of extends is named", async () => {
  await writeFile(path.join(folder, "a.yaml"), "version: 1\nextends: b.yaml\n");
  await writeFile(path.join(folder, "b.yaml"), "version: 1\nextends: ./a.yaml\n");
  await expect(loadRecipe(path.join(folder, "a.yaml"))).rejects.toThrow(/extends forms a circle: .*a\.yaml → .*b\.yaml → .*a\.yaml/);
});

test("a recipe that is not there is told with the preset or the file that was likely meant", async () => {
  const hintFor = async (source: string): Promise<unknown> =>
    loadRecipe(source).catch((error: unknown) => error instanceof VxError && error.diagnostic.hint);
  await writeFile(path.join(folder, "vision.yaml"), "version: 1\n");
  expect(await hintFor("int8")).toBe("Write preset:int8 for the preset.");
  expect(await hintFor(path.join(folder, "vison.yml"))).toBe('Did you mean "vision.yaml"?');
  expect(await hintFor(path.join(folder, "none", "x.yaml"))).toContain("`vlm-export recipe init MODEL -o FILE`");
  expect(await hintFor(folder)).toBe("Name a YAML file, or preset:NAME.");
});

test("the hash tells content, not form", async () => {
  const hash = async (text: string): Promise<string> => (await parseRecipe(text, { file: `${text.length}.yaml` })).hash;
  const one = await hash("version: 1\ngates: { minCosine: 0.9, maxDegradation: 2% }\n");
  expect(await hash("# comment\ngates:\n  maxDegradation: 0.02\n  minCosine: 0.9\nversion: 1\n")).toBe(one);
  expect(await hash("version: 1\ngates: { minCosine: 0.91 }\n")).not.toBe(one);
});

test("mutated recipes give recipes or coded findings", async () => {
  const seed = [
    "version: 1",
    "extends: preset:int8",
    "calibration: { data: random, samples: 4, method: percentile, percentile: 99.9 }",
    "rules:",
    '  - match: { role: "vision.**", op: [MatMul] }',
    "    weights: { dtype: int4, granularity: block, blockSize: 32 }",
    "  - match: { name: /head/ }",
    "    keep: float16",
    "gates: { maxDegradation: 2% }",
    "targets: { tflite: { layout: NHWC } }",
  ].join("\n");
  const edit = fc.record({
    at: fc.nat(seed.length),
    cut: fc.nat(12),
    put: fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom("\n", ": ", "- ", "{", "]", "&a ", "*a", "null", "-1", "1e999", "!x ")),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
      const text = edits.reduce((current, { at, cut, put }) => current.slice(0, at) + put + current.slice(at + cut), seed);
      for (const finding of await findings(text))
        expect(finding).toMatch(/^(?:\d+:\d+ VX-|undefined:undefined VX-RECIPE-(ENCODING|EMPTY)).* \| ./);
    }),
    { numRuns: 500 },
  );
});
