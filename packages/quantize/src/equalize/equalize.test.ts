import { createEngine, type Engine } from "@vlm-export/engine";
import { f32Tensor, type Graph, GraphEditor, type TensorData, type Value } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { parseRecipe, type Plan, planGraph } from "@vlm-export/recipe";
import { afterAll, beforeAll, expect, test } from "vitest";
import { calibrate, type CalibrationSample } from "../calibrate.js";
import { quantize } from "../quantize.js";
import type { EqualizedStatistics, Statistics } from "../statistics.js";
import { chooseFactors } from "./choose-factors.js";
import { sampledColumns } from "./sampled-columns.js";
import { divided, scaledWeight, wideWeightFloats } from "./scaled-weight.js";

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
function graphOf({ read = false } = {}): Graph {
  const edit = new GraphEditor(ops, "main");
  const constant = (name: string, values: Float32Array, shape: readonly number[]): Value =>
    edit.addConstant(name, f32Tensor(values, shape));
  const x = edit.addInput("x", { dtype: "f32", shape: [4, WIDTH] });
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

async function planOf(graph: Graph, { weights = "int8", equalize = true, method = "minmax" } = {}): Promise<Plan> {
  const text = `version: 1
calibration: { samples: 4, seed: 0, method: ${method} }
rules:
  - match: { op: MatMul }
    weights: { dtype: ${weights}, granularity: channel, symmetric: true }
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

test("scaling rows and dividing by the same factors are inverse, along either axis", () => {
  const data = f32Tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expect([...wideWeightFloats(scaledWeight(data, 0, Float32Array.of(2, 4)), kernels)]).toEqual([2, 4, 6, 16, 20, 24]);
  expect([...wideWeightFloats(scaledWeight(data, 1, Float32Array.of(1, 2, 3)), kernels)]).toEqual([1, 4, 9, 4, 10, 18]);
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
