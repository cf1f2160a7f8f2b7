import { createEngine, type Engine } from "@vlm-export/engine";
import { type DType, f32Tensor, type Graph, GraphEditor, type TensorData, type Value } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { numbersOf, standardOps, tensorOf } from "@vlm-export/ops";
import { type EqualizationPlan, parseRecipe, type Plan, planGraph } from "@vlm-export/recipe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { calibrate, type CalibrationSample } from "../calibrate.js";
import { quantize } from "../quantize.js";
import type { EqualizedStatistics, Statistics } from "../statistics.js";
import { type ChannelSpread, chooseFactors } from "./choose-factors.js";
import { sampledColumns } from "./sampled-columns.js";
import { divided, scaledWeight, weightFloats } from "./scaled-weight.js";

const ops = standardOps();
const kernels = createKernels();
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(() => engine.close());

const WIDTH = 32;
const waves = (count: number, seed: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => Math.sin((i + 1) * 12.9898 * seed) * Math.cos(i * 0.37 + seed));
const floats = (data: TensorData | undefined): Float32Array => new Float32Array((data as TensorData).bytes().slice().buffer);

/** LayerNormalization with one gain of 40 → two MatMuls; `read` adds another reader of the norm. */
function graphOf({ read = false, dtype = "f32" as DType } = {}): Graph {
  const edit = new GraphEditor(ops, "main");
  const constant = (name: string, values: Float32Array, shape: readonly number[]): Value =>
    edit.addConstant(name, tensorOf(dtype, shape, values));
  const x = edit.addInput("x", { dtype, shape: [4, WIDTH] });
  const gain = new Float32Array(WIDTH).fill(1);
  gain[5] = 40;
  const norm = edit.insert(
    "LayerNormalization",
    [x, constant("gain", gain, [WIDTH]), constant("bias", waves(WIDTH, 2), [WIDTH])],
    {},
    { name: "norm", outputs: ["normed"] },
  )[0] as Value;
  for (const name of ["a", "b"]) {
    const weight = constant(`w_${name}`, waves(WIDTH * 8, name === "a" ? 3 : 4), [WIDTH, 8]);
    edit.addOutput(edit.insert("MatMul", [norm, weight], {}, { name: `${name}_node`, outputs: [name] })[0] as Value);
  }
  if (read) edit.addOutput(edit.insert("Relu", [norm], {}, { outputs: ["r"] })[0] as Value);
  edit.settle();
  return edit.graph;
}

async function planOf(graph: Graph, { weights = "int8", granularity = "channel", equalize = true, method = "minmax" } = {}): Promise<Plan> {
  const text = `version: 1
calibration: { samples: 4, seed: 0, method: ${method} }
rules:
  - match: { op: MatMul }
    weights: { dtype: ${weights}, granularity: ${granularity}, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
    equalize: ${equalize}
`;
  return planGraph(graph, await parseRecipe(text, { file: "r.yaml" }), { ops });
}

async function* samples(): AsyncGenerator<CalibrationSample> {
  for (const seed of [5, 6, 7]) yield { name: `s:${seed}`, tensors: new Map([["x", f32Tensor(waves(4 * WIDTH, seed), [4, WIDTH])]]) };
}

async function noise(plan: Plan, statistics: Statistics): Promise<number> {
  const { graph } = await quantize(plan, statistics, { ops, kernels });
  const [float, integer] = [
    await engine.openGraph({ graph: plan.graph, ops }),
    await engine.openGraph({ graph, ops }, { arithmetic: "plain" }),
  ];
  let sum = 0;
  for await (const { tensors } of samples())
    for (const name of ["a", "b"]) {
      const [a, b] = [await float.run(tensors), await integer.run(tensors)].map(
        ({ outputs }) => new Float32Array(outputs.get(name)?.buffer as ArrayBuffer),
      );
      sum += kernels.errorSums(a as Float32Array, b as Float32Array).squaredError;
    }
  await Promise.all([float.close(), integer.close()]);
  return sum;
}

test("a norm that only quantized products read is equalized, and its outlier channel costs others far less", async () => {
  const [plan, plain] = [await planOf(graphOf()), await planOf(graphOf(), { equalize: false })];
  const [on, off] = [
    await calibrate(plan, samples(), { engine, ops, kernels }),
    await calibrate(plain, samples(), { engine, ops, kernels }),
  ];
  expect([...on.equalized.keys()]).toEqual(["normed"]);
  expect(off.equalized.size).toBe(0);
  expect(on.values.has("normed")).toBe(false);
  expect(await noise(plan, on)).toBeLessThan((await noise(plain, off)) / 4);
});

test("gain and bias are divided, weights multiplied: the float graph computes the same", async () => {
  const plan = await planOf(graphOf());
  const statistics = await calibrate(plan, samples(), { engine, ops, kernels });
  const { graph, diagnostics } = await quantize(plan, statistics, { ops, kernels });
  const factors = statistics.equalized.get("normed")?.factors as Float32Array;
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-EQUALIZED", severity: "info" }]);
  const gain = floats(graph.nodes[0]?.inputs[1]?.data);
  expect(gain[5]).toBe(Math.fround(40 / (factors[5] as number)));
  const weight = graph.value("w_a") as Value;
  const codes = new Int8Array((weight.data as TensorData).bytes().slice().buffer);
  const scales = floats(weight.type.quant?.scale);
  floats(plan.graph.value("w_a")?.data).forEach((value, i) => {
    const [scale, factor] = [scales[i % 8] as number, factors[Math.floor(i / 8)] as number];
    expect(Math.abs((codes[i] as number) * scale - value * factor)).toBeLessThanOrEqual(scale * 0.501);
  });
});

test("in a half-precision model factors are chosen from widened values, and gain and bias stay f16", async () => {
  const plan = await planOf(graphOf({ dtype: "f16" }));
  const halves = async function* (): AsyncGenerator<CalibrationSample> {
    for await (const { name, tensors } of samples())
      yield { name, tensors: new Map([["x", tensorOf("f16", [4, WIDTH], floats(tensors.get("x")))]]) };
  };
  const statistics = await calibrate(plan, halves(), { engine, ops, kernels });
  const factors = statistics.equalized.get("normed")?.factors as Float32Array;
  expect(factors[5]).toBeGreaterThan(2);
  const { graph } = await quantize(plan, statistics, { ops, kernels });
  const [, gain, bias] = graph.nodes[0]?.inputs ?? [];
  expect([gain?.type.dtype, bias?.type.dtype]).toEqual(["f16", "f16"]);
  expect(numbersOf(gain?.data as TensorData)[5]).toBeCloseTo(40 / (factors[5] as number), 2);
  const weight = graph.value("w_a") as Value;
  const codes = numbersOf(weight.data as TensorData);
  const scales = numbersOf(weight.type.quant?.scale as TensorData);
  numbersOf(plan.graph.value("w_a")?.data as TensorData).forEach((value, i) => {
    const [scale, factor] = [scales[i % 8] as number, factors[Math.floor(i / 8)] as number];
    expect(Math.abs((codes[i] as number) * scale - value * factor)).toBeLessThanOrEqual(scale * 0.51);
  });
});

test("factors that an f16 gain cannot be divided by are not chosen", async () => {
  const graph = graphOf({ dtype: "f16" });
  const [norm] = (await planOf(graph)).equalizations as [EqualizationPlan];
  const gain = tensorOf(
    "f16",
    [WIDTH],
    Float32Array.from({ length: WIDTH }, (_, i) => (i === 5 ? 1 : 65504)),
  );
  const parameters = [{ index: 1, value: { ...(graph.value("gain") as Value), data: gain } }];
  const spread = { absmax: new Float32Array(WIDTH).fill(1), meanSquare: new Float32Array(WIDTH).fill(0.1) };
  spread.absmax[5] = 40;
  expect([...chooseFactors({ ...norm, parameters }, spread)]).toEqual(Array<number>(WIDTH).fill(1));
});

test("what the first samples show is scaled as what later samples show", async () => {
  const plan = await planOf(graphOf(), { method: "mse" });
  const { seen, factors } = (await calibrate(plan, samples(), { engine, ops, kernels })).equalized.get("normed") as EqualizedStatistics;
  const inverses = factors.map((factor) => 1 / factor);
  const session = await engine.openGraph({ graph: plan.graph, ops, taps: [{ value: "normed", kind: "tensor" }] });
  let counted = 0;
  for await (const { tensors } of samples()) {
    const normed = floats((await session.run(tensors)).tensors.get("normed")).map((value, i) => value * (inverses[i % WIDTH] as number));
    expect([seen.sampleMin[counted], seen.sampleMax[counted]]).toEqual([Math.min(...normed), Math.max(...normed)]);
    counted += 1;
  }
  await session.close();
  expect(counted).toBe(3);
  expect(seen.histogram?.counts.reduce((a, b) => a + b)).toBe(3 * 4 * WIDTH);
});

test("outlier channels are reported as they are before scaling", async () => {
  const plan = await planOf(graphOf());
  const statistics = await calibrate(plan, samples(), { engine, ops, kernels });
  const { outliers } = await quantize(plan, statistics, { ops, kernels });
  expect(outliers).toMatchObject([{ node: "a_node", value: "normed", by: "activations", channels: [5], split: false }]);
  expect(outliers[0]?.sigma).toBeGreaterThan(5);
});

test("channels that are alike already are left as they are or nearly so", async () => {
  const [norm] = (await planOf(graphOf())).equalizations;
  const even = new Float32Array(WIDTH).fill(1);
  const factors = chooseFactors(norm as NonNullable<typeof norm>, { absmax: even, meanSquare: even.map(() => 0.1) });
  expect(Math.max(...factors) / Math.min(...factors)).toBeLessThan(4);
});

/** (step of x)² · ‖W‖² + (step of W)² · columns · E‖x‖² of products with one scale for the whole weight, int8 each. */
function tensorError(factors: ArrayLike<number>, weights: readonly Float32Array[], { absmax, meanSquare }: ChannelSpread): number {
  const at = (k: number): number => factors[k] as number;
  const largest = Math.max(...absmax.map((x, k) => x / at(k)));
  const energy = meanSquare.reduce((sum, x, k) => sum + x / at(k) ** 2, 0);
  const scaled = weights.map((values) => values.map((value, i) => value * at(Math.floor(i / 8))));
  const square = scaled.reduce((sum, values) => values.reduce((inner, value) => inner + value * value, sum), 0);
  const noise = scaled.reduce((sum, values) => sum + 8 * (Math.max(...values.map(Math.abs)) / 127) ** 2, 0);
  return (largest / 127.5) ** 2 * square + noise * energy;
}

test("with one scale for a whole weight no factors are chosen that make it worse", async () => {
  const plan = await planOf(graphOf(), { granularity: "tensor" });
  const [norm] = plan.equalizations as [EqualizationPlan];
  const wide = waves(WIDTH * 8, 3).map((value, i) => (i === 5 * 8 ? 2 : value)); // row 5 is large in one column alone
  const weights = norm.weights.map(({ weight, reduce }) => ({
    reduce,
    weight: { ...weight, value: { ...weight.value, data: f32Tensor(wide, [WIDTH, 8]) } },
  }));
  const spread = { absmax: new Float32Array(WIDTH).fill(1), meanSquare: new Float32Array(WIDTH).fill(1) };
  spread.absmax[5] = 4;
  const chosen = chooseFactors({ ...norm, weights }, spread);
  const errorOf = (factors: ArrayLike<number>): number => tensorError(factors, [wide, wide], spread);
  expect(errorOf(chosen)).toBeLessThanOrEqual(errorOf(new Float32Array(WIDTH).fill(1)));
});

test("scaling rows and dividing by the same factors are inverse, along either axis", () => {
  const data = f32Tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expect(weightFloats(scaledWeight(data, 0, Float32Array.of(2, 4)), kernels)).toEqual(Float32Array.of(2, 4, 6, 16, 20, 24));
  expect(weightFloats(scaledWeight(data, 1, Float32Array.of(1, 2, 3)), kernels)).toEqual(Float32Array.of(1, 4, 9, 4, 10, 18));
  expect([...divided(f32Tensor([8, 9], [2]), Float32Array.of(2, 3))]).toEqual([4, 3]);
});

test("sampled output channels are those of the matrix, along either axis and across windows", () => {
  const [rows, columns] = [700, 900];
  const values = Float32Array.from({ length: rows * columns }, (_, i) => i);
  const matrix = f32Tensor(values, [rows, columns]);
  const byColumn = sampledColumns(matrix, 0);
  expect(byColumn).toHaveLength(64);
  byColumn.forEach((column, i) => {
    const at = Math.floor((i * columns) / 64);
    expect([...column]).toEqual(Array.from({ length: rows }, (_, row) => row * columns + at));
  });
  const byRow = sampledColumns(matrix, 1);
  byRow.forEach((row, i) => expect(row[5]).toBe(Math.floor((i * rows) / 64) * columns + 5));
  expect(sampledColumns(f32Tensor([1, 2, 3, 4], [2, 2]), 0).map((column) => [...column])).toEqual([
    [1, 3],
    [2, 4],
  ]);
});
