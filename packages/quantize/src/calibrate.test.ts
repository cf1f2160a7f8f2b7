import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createEngine, type Engine } from "@vlm-export/engine";
import { type Diagnostic, f32Tensor, type Graph, GraphEditor, memoryTensor, type TensorData, type Value } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { parseRecipe, type Plan, planGraph } from "@vlm-export/recipe";
import { openStore, type Store } from "@vlm-export/store";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { calibrate, type CalibrationSample } from "./calibrate.js";
import { HISTOGRAM_BINS } from "./histogram.js";
import { quantize } from "./quantize.js";
import { suffices } from "./needs.js";
import { extremesOf, maskedValues, type ValueStatistics } from "./statistics.js";

const ops = standardOps();
const kernels = createKernels();
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(() => engine.close());

/** y = Gelu(x · w1 + b1) · w2, x[rows, 16]. */
function mlp(): Graph {
  const edit = new GraphEditor(ops, "main");
  const node = (op: string, inputs: readonly Value[], name: string): Value =>
    edit.insert(op, inputs, {}, { name: `${name}_node`, outputs: [name] })[0] as Value;
  const constant = (name: string, shape: readonly number[], seed: number): Value =>
    edit.addConstant(
      name,
      f32Tensor(
        waves(
          shape.reduce((a, b) => a * b, 1),
          seed,
        ),
        shape,
      ),
    );
  const x = edit.addInput("x", { dtype: "f32", shape: ["rows", 16] });
  const sum = node("Add", [node("MatMul", [x, constant("w1", [16, 24], 1)], "product"), constant("b1", [24], 2)], "sum");
  edit.addOutput(node("MatMul", [node("Gelu", [sum], "hidden"), constant("w2", [24, 8], 3)], "y"));
  edit.settle();
  return edit.graph;
}

function waves(count: number, seed: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * 12.9898 * seed) * Math.cos(i * 0.37 + seed));
}

async function planOf(
  graph: Graph,
  { method = "minmax", activations = "{ dtype: int8, granularity: tensor, symmetric: false, mode: static }", extra = "" } = {},
): Promise<Plan> {
  const text = `version: 1
calibration: { samples: 4, seed: 0, method: ${method} }
rules:
  - match: { op: MatMul }
    weights: { dtype: int8, granularity: channel, symmetric: true }
    activations: ${activations}
${extra}`;
  return planGraph(graph, await parseRecipe(text, { file: "r.yaml" }), { ops });
}

/** Samples of different numbers of rows; the second is the largest. */
const inputs = [2, 5, 1].map((rows, i) => waves(rows * 16, 4 + i).map((value) => value * (i === 1 ? 9 : 1)));
async function* samplesOf(arrays: readonly Float32Array[] = inputs): AsyncGenerator<CalibrationSample> {
  for (const [i, values] of arrays.entries())
    yield { name: `s:${i}`, tensors: new Map([["x", f32Tensor(values, [values.length / 16, 16])]]) };
}
const again = (arrays: readonly Float32Array[] = inputs): AsyncIterable<CalibrationSample> => ({
  [Symbol.asyncIterator]: () => samplesOf(arrays),
});

test("minmax alone sees the extremes of every sample and fetches nothing whole", async () => {
  const plan = await planOf(mlp());
  const { values, samples } = await calibrate(plan, samplesOf(), { engine, ops, kernels });
  expect(samples).toBe(3);
  expect([...values.keys()].sort()).toEqual(["hidden", "x"]);
  const x = values.get("x");
  inputs.forEach((input, i) => {
    expect(x?.sampleMin[i]).toBe(Math.min(...input));
    expect(x?.sampleMax[i]).toBe(Math.max(...input));
  });
  expect(x?.histogram).toBeUndefined();
});

test("one pass over samples of different shapes counts what counting all at once does", async () => {
  const { values } = await calibrate(await planOf(mlp(), { method: "entropy" }), samplesOf(), { engine, ops, kernels });
  const histogram = values.get("x")?.histogram;
  const all = Float32Array.from(inputs.flatMap((input) => [...input]));
  const counts = new Float64Array(HISTOGRAM_BINS);
  const limit = histogram?.limit ?? 0;
  kernels.histogram(all, -limit, limit, counts);
  expect(histogram?.counts).toEqual(counts);
  expect(limit / 2).toBeLessThanOrEqual(Math.max(...all.map(Math.abs)));
});

test("of very large values a part is counted, and the extremes are those of all elements", async () => {
  const rows = 349_526;
  const values = new Float32Array(rows * 16).fill(0.25);
  values[16] = 40; // the second row: none of its hidden values but those at multiples of 3 are counted
  const plan = await planOf(mlp(), { method: "percentile" });
  const found: string[] = [];
  const report = ({ code, where }: Diagnostic): number => found.push(`${code} ${where.value}`);
  const seen = await calibrate(plan, samplesOf([values]), { engine, ops, kernels, report });
  const few = await calibrate(plan, samplesOf([values.subarray(0, 32)]), { engine, ops, kernels });
  const [hidden, same] = [seen, few].map((statistics) => statistics.values.get("hidden") as ValueStatistics);
  const counted = (value: ValueStatistics | undefined): number | undefined =>
    value?.histogram?.counts.reduce((sum, count) => sum + count, 0);
  expect(found).toEqual(["VX-CAL-THINNED hidden"]);
  expect(extremesOf(hidden as ValueStatistics)).toEqual(extremesOf(same as ValueStatistics));
  expect(counted(hidden)).toBe(Math.ceil((rows * 24) / 3));
  expect(counted(seen.values.get("x"))).toBe(rows * 16);
});

test("a model in float16 has the ranges of its numbers, by every method", async () => {
  const half = (values: Float32Array, shape: readonly number[]): TensorData => {
    const bits = kernels.toHalf(values, "f16");
    return memoryTensor("f16", shape, new Uint8Array(bits.buffer, bits.byteOffset, bits.byteLength));
  };
  const edit = new GraphEditor(ops, "main");
  const x = edit.addInput("x", { dtype: "f16", shape: ["rows", 16] });
  const [inner] = edit.insert("MatMul", [x, edit.addConstant("w1", half(waves(16 * 7, 1), [16, 7]))], {}, { outputs: ["inner"] });
  edit.addOutput(
    edit.insert("MatMul", [inner as Value, edit.addConstant("w2", half(waves(7 * 3, 2), [7, 3]))], {}, { outputs: ["y"] })[0] as Value,
  );
  edit.settle();
  const samples = async function* (): AsyncGenerator<CalibrationSample> {
    for (const values of inputs) yield { name: "s", tensors: new Map([["x", half(values, [values.length / 16, 16])]]) };
  };
  const seen = async (method: string) =>
    (await calibrate(await planOf(edit.graph, { method }), samples(), { engine, ops, kernels })).values;
  const [minmax, entropy] = [await seen("minmax"), await seen("entropy")];
  for (const name of ["x", "inner"]) {
    const { sampleMin, sampleMax, histogram } = entropy.get(name) as ValueStatistics;
    const expected = minmax.get(name) as ValueStatistics; // the engine may reduce before it rounds to float16
    const seenExtremes = [...sampleMin, ...sampleMax];
    [...expected.sampleMin, ...expected.sampleMax].forEach((extreme, i) => {
      expect((seenExtremes[i] as number) / extreme).toBeCloseTo(1, 2);
    });
    expect(histogram?.counts.reduce((a, b) => a + b, 0)).toBe(name === "x" ? 8 * 16 : 8 * 7);
  }
});

test.each([
  ["a sequence", "SequenceConstruct", "s"],
  ["under a name that the engine's interface loses", "Neg", "__proto__"],
])("an output that is %s is no matter of calibration", async (_, op, name) => {
  const graph = mlp();
  const edit = new GraphEditor(ops, graph);
  const [output] = edit.insert(op, [graph.outputs[0] as Value], {}, { outputs: [name] });
  edit.addOutput(output as Value);
  for (const method of ["minmax", "entropy"]) {
    const { values } = await calibrate(await planOf(graph, { method }), samplesOf(), { engine, ops, kernels });
    const expected = await calibrate(await planOf(mlp(), { method }), samplesOf(), { engine, ops, kernels });
    expect(values).toEqual(expected.values);
  }
});

test("channel means are those of all samples, outliers are looked for in the first two", async () => {
  const extra = "  - match: { op: MatMul }\n    biasCorrection: true\n";
  const { values } = await calibrate(await planOf(mlp(), { extra }), samplesOf(), { engine, ops, kernels });
  const { means, looks } = values.get("x") ?? {};
  for (const channel of [0, 7, 15]) {
    const columns = inputs.map((input) => input.filter((_, i) => i % 16 === channel));
    const mean = columns.reduce((sum, column) => sum + column.reduce((a, b) => a + b, 0) / column.length, 0) / columns.length;
    expect(looks?.get(1)?.[channel]).toBe(Math.max(...columns.slice(0, 2).flatMap((column) => [...column].map(Math.abs))));
    expect(means?.get(1)?.[channel]).toBeCloseTo(mean, 5);
  }
});

function temporaryStore(): Store {
  const folder = mkdtempSync(join(tmpdir(), "vlm-statistics-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return openStore(folder);
}

test("the store answers a second run, and another method that needs no more", async () => {
  const store = temporaryStore();
  const shut: Engine = { ...engine, openGraph: () => Promise.reject(new Error("the engine was asked")) };
  const first = await calibrate(await planOf(mlp(), { method: "entropy" }), again(), { engine, ops, kernels, store });
  expect(first.cached).toBe(false);
  for (const method of ["entropy", "mse", "minmax"]) {
    const second = await calibrate(await planOf(mlp(), { method }), again(), { engine: shut, ops, kernels, store });
    expect(second).toEqual({ ...first, cached: true });
  }
  const others = again(inputs.slice(1));
  await expect(calibrate(await planOf(mlp()), others, { engine: shut, ops, kernels, store })).rejects.toThrow("the engine was asked");
  const more = await planOf(mlp(), { extra: "  - match: { op: MatMul }\n    biasCorrection: true\n" });
  expect((await calibrate(more, again(), { engine, ops, kernels, store })).cached).toBe(false);
  expect((await calibrate(more, again(), { engine: shut, ops, kernels, store })).values.get("x")?.histogram).toBeDefined();
});

test("the store does not answer a plan that looks at other values, for whose sake the engine computes otherwise", async () => {
  const store = temporaryStore();
  const more = await planOf(mlp(), { extra: "  - match: { op: Gelu }\n    keep: float16\n" });
  expect((await calibrate(more, again(), { engine, ops, kernels, store })).values.has("sum")).toBe(true);
  expect((await calibrate(await planOf(mlp()), again(), { engine, ops, kernels, store })).cached).toBe(false);
  for (const plan of [more, await planOf(mlp())])
    expect((await calibrate(plan, again(), { engine, ops, kernels, store })).cached).toBe(true);
});

test("statistics are kept under what was run, and not where the model changed meanwhile", async () => {
  const store = temporaryStore();
  const plan = await planOf(mlp());
  const others = inputs.slice(1);
  let reads = 0;
  const changing = { [Symbol.asyncIterator]: () => samplesOf((reads += 1) === 1 ? inputs : others) };
  const first = await calibrate(plan, changing, { engine, ops, kernels, store });
  const known = async (arrays: readonly Float32Array[]) =>
    calibrate(plan, again(arrays), {
      ops,
      kernels,
      store,
      engine,
      confirm: () => {
        throw new Error("changed");
      },
    });
  expect(await known(others)).toEqual({ ...first, cached: true });
  for (const _ of ["this", "again"]) await expect(known(inputs)).rejects.toThrow("changed");
});

test("NaN and infinity are refused with the value and the sample", async () => {
  const plan = await planOf(mlp());
  for (const [bad, value] of [
    [Number.NaN, "x"],
    [Number.POSITIVE_INFINITY, "x"],
    [Number.NEGATIVE_INFINITY, "hidden"], // of x alone it could be a mask
  ] as const) {
    const arrays = [inputs[0] as Float32Array, waves(16, 3).fill(bad, 4, 5)];
    await expect(calibrate(plan, samplesOf(arrays), { engine, ops, kernels })).rejects.toMatchObject({
      diagnostic: { code: "VX-CAL-NON-FINITE", where: { value }, message: expect.stringContaining("sample s:1") },
    });
  }
});

test("a value that is −∞ somewhere is said to be a mask, has no range, and can be planned away", async () => {
  const edit = new GraphEditor(ops, "main");
  const [x, m] = ["x", "m"].map((name) => edit.addInput(name, { dtype: "f32", shape: [4, 4] })) as [Value, Value];
  const scores = edit.insert(
    "MatMul",
    [x, edit.addConstant("w", f32Tensor(waves(16, 1), [4, 4]))],
    {},
    { outputs: ["scores"] },
  )[0] as Value;
  const sum = edit.insert("Log", [m], {}, { outputs: ["logarithm"] })[0] as Value;
  edit.addOutput(
    edit.insert(
      "Softmax",
      [edit.insert("Add", [scores, sum], {}, { outputs: ["logits"] })[0] as Value],
      {},
      { outputs: ["y"] },
    )[0] as Value,
  );
  edit.settle();
  const recipe = await parseRecipe("version: 1\nextends: [preset:int8-full]\ncalibration: { data: random }", { file: "r.yaml" });
  const plan = planGraph(edit.graph, recipe, { ops });
  async function* samples(): AsyncGenerator<CalibrationSample> {
    const zeros = f32Tensor(
      waves(16, 5).map((value) => Math.max(value, 0)),
      [4, 4],
    );
    yield {
      name: "s:0",
      tensors: new Map([
        ["x", f32Tensor(waves(16, 3), [4, 4])],
        ["m", zeros],
      ]),
    };
  }
  const statistics = await calibrate(plan, samples(), { engine, ops, kernels });
  expect([...maskedValues(statistics)]).toEqual(["logarithm", "logits"]);
  await expect(quantize(plan, statistics, { ops, kernels })).rejects.toMatchObject({ diagnostic: { code: "VX-QUANT-MASKED" } });
  const second = planGraph(edit.graph, recipe, { ops, masked: maskedValues(statistics) });
  expect(second.keptValues.map(({ value, reason }) => `${value.name}: ${reason}`)).toEqual(["logarithm: mask", "logits: mask"]);
  expect(suffices(statistics, second, ops)).toBe(true);
  const { graph } = await quantize(second, statistics, { ops, kernels });
  expect(["x", "logarithm", "logits", "y"].map((name) => graph.value(name)?.type.quant?.storage)).toEqual([
    "i8",
    undefined,
    undefined,
    "i8",
  ]);
});

test("an overflow inside the model is refused with the inner value", async () => {
  const arrays = [waves(16, 3).map((value) => value * 3e38)];
  await expect(calibrate(await planOf(mlp()), samplesOf(arrays), { engine, ops, kernels })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-NON-FINITE", message: expect.stringContaining("sample s:0") },
  });
});

test("a first sample that cannot be read ends calibration before the engine has a model", async () => {
  const openGraph = vi.fn();
  const damaged: AsyncIterable<CalibrationSample> = {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("damaged")) }),
  };
  const unused = { ...engine, openGraph };
  await expect(calibrate(await planOf(mlp()), damaged, { engine: unused, ops, kernels })).rejects.toThrow("damaged");
  expect(openGraph).not.toHaveBeenCalled();
});

test("no sample is an error, and an abort ends the run with its reason", async () => {
  const plan = await planOf(mlp());
  await expect(calibrate(plan, samplesOf([]), { engine, ops, kernels })).rejects.toMatchObject({ diagnostic: { code: "VX-CAL-EMPTY" } });
  const controller = new AbortController();
  const progress = (): void => controller.abort(new Error("stopped"));
  await expect(calibrate(plan, samplesOf(), { engine, ops, kernels, signal: controller.signal, progress })).rejects.toThrow("stopped");
});

/** 10·log10(Σ y² / Σ (y − ŷ)²) of the quantized model over the samples. */
async function sqnrDb(plan: Plan): Promise<number> {
  const statistics = plan.needsData ? await calibrate(plan, samplesOf(), { engine, ops, kernels }) : undefined;
  const { graph } = await quantize(plan, statistics, { ops, kernels });
  const [float, integer] = [
    await engine.openGraph({ graph: plan.graph, ops }),
    await engine.openGraph({ graph, ops }, { arithmetic: "plain" }),
  ];
  let [signal, noise] = [0, 0];
  for await (const { tensors } of samplesOf()) {
    const [a, b] = [(await float.run(tensors)).outputs.get("y"), (await integer.run(tensors)).outputs.get("y")];
    const sums = kernels.errorSums(new Float32Array(a?.buffer ?? new ArrayBuffer(0)), new Float32Array(b?.buffer ?? new ArrayBuffer(0)));
    [signal, noise] = [signal + sums.squaresA, noise + sums.squaredError];
  }
  await Promise.all([float.close(), integer.close()]);
  return 10 * Math.log10(signal / noise);
}

test.each([
  ["int8 asymmetric", {}, 25],
  ["int8 symmetric", { activations: "{ dtype: int8, granularity: tensor, symmetric: true, mode: static }" }, 25],
  ["uint8", { activations: "{ dtype: uint8, granularity: tensor, symmetric: false, mode: static }" }, 25],
  ["uint16", { activations: "{ dtype: uint16, granularity: tensor, symmetric: false, mode: static }" }, 31],
  ["dynamic int8 per token", { activations: "{ dtype: int8, granularity: token, symmetric: true, mode: dynamic }" }, 25],
  ["mse", { method: "mse" }, 25],
  ["bias corrected", { extra: "  - match: { op: MatMul }\n    biasCorrection: true\n" }, 25],
  ["outliers split", { extra: "  - match: { op: MatMul, outliers: { sigma: 1 } }\n    split: { outliers: float16 }\n" }, 25],
  ["float16", { extra: '  - match: { op: "*" }\n    keep: float16\n' }, 55],
])("%s runs on the engine and stays close to float", async (_name, options, least) => {
  expect(await sqnrDb(await planOf(mlp(), options))).toBeGreaterThan(least);
});

test("every calibrator's range lies inside the extremes of real activations", async () => {
  const plan = await planOf(mlp(), { method: "percentile" });
  const { values } = await calibrate(plan, samplesOf(), { engine, ops, kernels });
  const hidden = values.get("hidden");
  expect(hidden && extremesOf(hidden)[0]).toBeGreaterThan(-0.18);
});
