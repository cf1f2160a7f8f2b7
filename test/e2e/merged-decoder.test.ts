import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEngine } from "@vlm-export/engine";
import {
  graphAttribute,
  intAttribute,
  onnxGraph,
  type OnnxNode,
  onnxNode,
  type OnnxTensor,
  onnxTensor,
  onnxValue,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { memoryTensor, type TensorData } from "@vlm-export/ir";
import type { Manifest, Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { i64, smallModel } from "./small-models.js";

const HIDDEN = 64;
const VOCABULARY = 96;
const IDS = [3, 14, 15, 92, 65, 35, 89, 79];

const folder = temporaryFolder();
afterAll(() => folder.remove());

const node = (opType: string, inputs: readonly string[], output: string): OnnxNode =>
  onnxNode({ opType, name: `/layers.0/${opType}_${output}`, inputs, outputs: [output] });

/** Numbers that are no two the same, of the size that weights have. */
function floats(seed: number, count: number): Float32Array {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32 - 0.5;
  return Float32Array.from({ length: count }, () => next() / 2);
}

function weight(name: string, seed: number, [rows, columns]: readonly [number, number]): OnnxTensor {
  return onnxTensor(name, "f32", [rows, columns], new Uint8Array(floats(seed, rows * columns).buffer));
}

/** A branch whose values and own weight have the names that those of the other have; `mix` gives `h` from `e` and the own weight. */
function branch(name: string, seed: number, mix: readonly OnnxNode[]): ReturnType<typeof graphAttribute> {
  return graphAttribute(
    `${name}_branch`,
    onnxGraph({
      name,
      outputs: [onnxValue(`${name}_logits`, "f32", [1, 8, VOCABULARY])],
      initializers: [weight("own", seed, [HIDDEN, HIDDEN])],
      nodes: [
        node("Gather", ["embed", "input_ids"], "e"),
        ...mix,
        node("MatMul", ["h", "up"], "u"),
        node("Relu", ["u"], "r"),
        node("MatMul", ["r", "down"], "d"),
        node("Add", ["d", "h"], "s"),
        node("MatMul", ["s", "lm_head"], `${name}_logits`),
      ],
    }),
  );
}

/** As optimum merges the two exports of a decoder: one If, whose branches capture the weights that they share; `up` is read outside too. */
async function mergedDecoder(): Promise<string> {
  const path = join(folder.path, "decoder_model_merged.onnx");
  const past = [node("MatMul", ["past", "own"], "p"), node("MatMul", ["e", "q"], "a"), node("Add", ["a", "p"], "h")];
  const first = [node("MatMul", ["e", "own"], "p"), node("MatMul", ["p", "q"], "h")];
  const model = smallModel({
    name: "merged",
    inputs: [onnxValue("input_ids", "i64", [1, 8]), onnxValue("past", "f32", [1, 8, HIDDEN]), onnxValue("use_cache_branch", "bool", [1])],
    outputs: [onnxValue("logits", "f32", [1, 8, VOCABULARY]), onnxValue("present", "f32", [1, 8, HIDDEN])],
    initializers: [
      weight("embed", 1, [VOCABULARY, HIDDEN]),
      weight("q", 2, [HIDDEN, HIDDEN]),
      weight("up", 3, [HIDDEN, HIDDEN]),
      weight("down", 4, [HIDDEN, HIDDEN]),
      weight("lm_head", 5, [HIDDEN, VOCABULARY]),
    ],
    nodes: [
      node("MatMul", ["past", "up"], "present"),
      onnxNode({
        opType: "If",
        name: "optimum::if",
        inputs: ["use_cache_branch"],
        outputs: ["logits"],
        attributes: [branch("then", 6, past), branch("else", 7, first)],
      }),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

/** A Loop of three turns and a Scan along eight rows, whose bodies share `up` and have a weight of their own. */
async function loops(): Promise<string> {
  const path = join(folder.path, "loops.onnx");
  const step = (prefix: string, own: OnnxTensor, input: string): Parameters<typeof onnxGraph>[0]["nodes"] => [
    node("MatMul", [input, "up"], `${prefix}_a`),
    node("MatMul", [`${prefix}_h`, own.name], `${prefix}_b`),
    node("Add", [`${prefix}_a`, `${prefix}_b`], `${prefix}_s`),
    node("Tanh", [`${prefix}_s`], `${prefix}_next`),
  ];
  const state = (name: string) => onnxValue(name, "f32", [1, HIDDEN]);
  const [turns, rows] = [weight("turn", 6, [HIDDEN, HIDDEN]), weight("row", 7, [HIDDEN, HIDDEN])];
  const loop = onnxGraph({
    name: "turns",
    inputs: [onnxValue("i", "i64", []), onnxValue("go", "bool", []), state("turn_h")],
    outputs: [onnxValue("go_on", "bool", []), state("turn_next")],
    initializers: [turns],
    nodes: [...(step("turn", turns, "turn_h") ?? []), node("Identity", ["go"], "go_on")],
  });
  const scan = onnxGraph({
    name: "rows",
    inputs: [state("row_h"), state("row_x")],
    outputs: [state("row_next"), state("row_y")],
    initializers: [rows],
    nodes: [...(step("row", rows, "row_x") ?? []), node("Identity", ["row_next"], "row_y")],
  });
  const model = smallModel({
    name: "loops",
    inputs: [onnxValue("x", "f32", [8, 1, HIDDEN]), state("h")],
    outputs: [state("turned"), onnxValue("y", "f32", [8, 1, HIDDEN])],
    initializers: [
      weight("up", 3, [HIDDEN, HIDDEN]),
      onnxTensor("count", "i64", [], i64([3])),
      onnxTensor("yes", "bool", [], Uint8Array.of(1)),
    ],
    nodes: [
      onnxNode({
        opType: "Loop",
        name: "loop",
        inputs: ["count", "yes", "h"],
        outputs: ["turned"],
        attributes: [graphAttribute("body", loop)],
      }),
      onnxNode({
        opType: "Scan",
        name: "scan",
        inputs: ["turned", "x"],
        outputs: ["last", "y"],
        attributes: [graphAttribute("body", scan), intAttribute("num_scan_inputs", 1)],
      }),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

async function outputsOf(path: string): Promise<readonly Float32Array[]> {
  const engine = await createEngine();
  try {
    const session = await engine.openFile(path);
    const past = memoryTensor("f32", [1, 8, HIDDEN], new Uint8Array(floats(8, 8 * HIDDEN).buffer));
    const ids = memoryTensor("i64", [1, 8], i64(IDS));
    const results: Float32Array[] = [];
    for (const useCache of [1, 0]) {
      const condition = memoryTensor("bool", [1], Uint8Array.of(useCache));
      const { outputs } = await session.run(
        new Map([
          ["input_ids", ids],
          ["past", past],
          ["use_cache_branch", condition],
        ]),
      );
      results.push(new Float32Array((outputs.get("logits") as TensorData).bytes().slice().buffer));
    }
    await session.close();
    return results;
  } finally {
    engine.close();
  }
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test("inspect counts what is inside the branches, and names its roles", () => {
  const { code, stdout } = vlmExport(["inspect", source, "--json"]);
  expect(code).toBe(0);
  const { components } = JSON.parse(stdout) as { components: readonly { operators: readonly object[]; roles: readonly object[] }[] };
  expect(components[0]?.operators).toContainEqual(expect.objectContaining({ op: "MatMul", count: 11 }));
  expect(components[0]?.roles).toContainEqual({ role: "language.embed.fc1", nodes: 2 });
});

const OWN = ["optimum::if/then_branch/own", "optimum::if/else_branch/own"];

let source: string;
beforeAll(async () => {
  source = await mergedDecoder();
});

describe.each([
  ["preset:weights-int8", 0.999],
  ["preset:weights-int4", 0.97],
])("a merged decoder with %s", (recipe, least) => {
  test("has its weights as integers, stored once, and both branches compute nearly the same", async () => {
    const out = join(folder.path, recipe.slice("preset:".length));
    const { code, stderr } = vlmExport([source, "-r", recipe, "-t", "onnx-qdq", "-o", out, "--verify", "run", "--cache", "off"]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).not.toContain("VX-QUANT-LITTLE");
    const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
    expect(report.plan.quantizedParameters).toBe(report.plan.parameters);
    const proof = report.targets["onnx-qdq"]?.proof;
    expect(proof).toMatchObject({ tensorsCompared: 7, tensorsDifferent: 0 });
    const { targets } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as Manifest;
    expect(targets["onnx-qdq"]?.tensors.map(({ value }) => value).toSorted()).toEqual(
      ["down", "embed", "lm_head", "q", "up", ...OWN].toSorted(),
    );
    expect(vlmExport(["verify", out]).code).toBe(0);
    const [before, after] = [await outputsOf(source), await outputsOf(join(out, "onnx-qdq/model.onnx"))];
    const likeness = before.map((logits, i) => cosine(logits, after[i] as Float32Array));
    expect(Math.min(...likeness)).toBeGreaterThan(least);
    expect(cosine(before[0] as Float32Array, before[1] as Float32Array)).toBeLessThan(0.9);
  });
});

test.each([
  ["int8, uint8 in the file", "{ dtype: int8, granularity: channel, symmetric: true }", "unsigned", 30],
  ["uint4 in blocks", "{ dtype: uint4, granularity: block, blockSize: 16, symmetric: false, scaleDtype: float16 }", "auto", 15],
])("bodies of Loop and Scan compute nearly the same in one file: %s", async (_, weights, signedness, least) => {
  const path = await loops();
  const recipe = join(folder.path, `${signedness}.yaml`);
  const targets = `targets:\n  onnx-qdq: { externalData: never, signedness: ${signedness} }\n`;
  writeFileSync(recipe, `version: 1\nrules:\n  - match: { op: MatMul }\n    weights: ${weights}\n${targets}`);
  const out = join(folder.path, `loops-${signedness}`);
  const { code, stderr } = vlmExport([path, "-r", recipe, "-t", "onnx-qdq", "-o", out, "--verify", "run", "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  const { proof, engine, files } = report.targets["onnx-qdq"] ?? {};
  expect(proof).toMatchObject({ tensorsCompared: 3, tensorsDifferent: 0 });
  expect(engine).toMatchObject({ status: "run" });
  expect(engine?.sqnrDb).toBeGreaterThan(least);
  expect(files?.map(({ path: file }) => file)).toEqual(["onnx-qdq/model.onnx"]);
});
