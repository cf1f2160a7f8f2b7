import { f32Tensor, type Graph, GraphEditor, memoryTensor, printGraph, type TensorData, type Value, widenedTensor } from "@vlm-export/ir";
import { createKernels, f16ToNumber, numberToF16 } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { parseRecipe, type Plan, planGraph } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { quantize } from "./quantize.js";
import type { Statistics, ValueStatistics } from "./statistics.js";

const ops = standardOps();
const kernels = createKernels();

const random = (count: number, seed: number, gain = 1): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => gain * Math.sin((i + 1) * 12.9898 * seed) * Math.cos(i * 0.37 + seed));

interface Builder {
  readonly edit: GraphEditor;
  constant(name: string, shape: readonly number[], seed: number): Value;
  node(op: string, inputs: readonly Value[], name: string, attrs?: Record<string, number>): Value;
}

function builder(): Builder {
  const edit = new GraphEditor(ops, "main");
  return {
    edit,
    constant: (name, shape, seed) =>
      edit.addConstant(
        name,
        f32Tensor(
          random(
            shape.reduce((a, b) => a * b, 1),
            seed,
          ),
          shape,
        ),
      ),
    node: (op, inputs, name, attrs = {}) => edit.insert(op, inputs, attrs, { name: `${name}_node`, outputs: [name] })[0] as Value,
  };
}

/** x[2, 8] → MatMul w1 → Add b1 → Relu → MatMul w2 → y. */
function mlp(): Graph {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
  const h = node(
    "Relu",
    [node("Add", [node("MatMul", [x, constant("w1", [8, 6], 1)], "product"), constant("b1", [6], 2)], "sum")],
    "hidden",
  );
  edit.addOutput(node("MatMul", [h, constant("w2", [6, 4], 3)], "y"));
  edit.settle();
  return edit.graph;
}

async function planOf(graph: Graph, rules: string): Promise<Plan> {
  return planGraph(
    graph,
    await parseRecipe(`version: 1\ncalibration: { samples: 1, seed: 0, method: minmax }\nrules:\n${rules}`, { file: "r.yaml" }),
    { ops },
  );
}

function statisticsOf(
  values: Readonly<Record<string, Partial<ValueStatistics> & { readonly range: readonly [number, number] }>>,
): Statistics {
  const of = ({ range, ...rest }: { readonly range: readonly [number, number] }): ValueStatistics => ({
    sampleMin: Float32Array.of(range[0]),
    sampleMax: Float32Array.of(range[1]),
    ...rest,
  });
  return {
    samples: 1,
    cached: false,
    equalized: new Map(),
    values: new Map(Object.entries(values).map(([name, value]) => [name, of(value)])),
  };
}

const floats = (data: TensorData | undefined): number[] => [...new Float32Array((data as TensorData).bytes().slice().buffer)];
const halves = (data: TensorData | undefined): number[] =>
  [...new Uint16Array((data as TensorData).bytes().slice().buffer)].map(f16ToNumber);

const W8A8 = `  - match: { op: [MatMul, Gemm, Conv] }
    weights: { dtype: int8, granularity: channel, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
`;

// oxlint-disable-next-line complexity -- optional chains of one long check
test("W8A8: integers in the constants, specs in the types, int32 bias at the scale of its products; the plan's graph is untouched", async () => {
  const graph = mlp();
  const before = printGraph(graph);
  const plan = await planOf(graph, W8A8);
  const { graph: result, diagnostics } = await quantize(plan, statisticsOf({ x: { range: [-1, 3] }, hidden: { range: [0, 2] } }), {
    ops,
    kernels,
  });
  expect(printGraph(graph)).toBe(before);
  expect(diagnostics).toEqual([]);
  const [w1, b1, x] = ["w1", "b1", "x"].map((name) => result.value(name) as Value);
  expect(w1?.data?.dtype).toBe("i8");
  expect(w1?.type).toMatchObject({ dtype: "f32", quant: { storage: "i8", range: [-127, 127], granularity: "channel" } });
  expect(w1?.type.quant?.scale?.shape).toEqual([1, 6]);
  expect(x?.type.quant).toMatchObject({ storage: "i8", granularity: "tensor", mode: "static", realRange: [-1, 3] });
  const [xScale] = floats(x?.type.quant?.scale);
  expect(xScale).toBeCloseTo(4 / 255, 6);
  const expected = floats(w1?.type.quant?.scale).map((scale) => Math.fround(scale * (xScale as number)));
  expect(b1?.data?.dtype).toBe("i32");
  expect(floats(b1?.type.quant?.scale)).toEqual(expected);
  expect(result.value("product")?.type.quant).toBeUndefined();
  expect(result.value("hidden")?.type.quant?.realRange).toEqual([0, 2]);
});

test("weight-only needs no statistics and leaves activations float", async () => {
  const rules =
    "  - match: { op: MatMul }\n    weights: { dtype: int4, granularity: block, blockSize: 2, symmetric: true, scaleDtype: float16 }\n";
  const { graph } = await quantize(await planOf(mlp(), rules), undefined, { ops, kernels });
  expect(graph.value("w1")?.type.quant).toMatchObject({ storage: "i4", range: [-7, 7], granularity: "block" });
  expect(graph.value("w1")?.type.quant?.scale).toMatchObject({ dtype: "f16", shape: [4, 6] });
  expect(graph.value("x")?.type.quant).toBeUndefined();
});

test("a value read in two precisions is float, with one vlm::Quantize per precision", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
  for (const name of ["a", "b", "c"]) edit.addOutput(node("MatMul", [x, constant(`w_${name}`, [8, 4], 1)], name));
  edit.settle();
  const rules = `${W8A8}  - match: { name: "c_node" }
    activations: { dtype: uint16, granularity: tensor, symmetric: false, mode: static }
`;
  const plan = await planOf(edit.graph, rules);
  const { graph } = await quantize(plan, statisticsOf({ x: { range: [-1, 1] } }), { ops, kernels });
  const nodes = graph.nodes.filter(({ op }) => op === "vlm::Quantize");
  expect(graph.value("x")?.type.quant).toBeUndefined();
  expect(nodes.map((quant) => quant.outputs[0]?.type.quant?.storage).sort()).toEqual(["i8", "u16"]);
  const reads = (name: string): string | undefined =>
    graph.nodes.find((found) => found.name === `${name}_node`)?.inputs[0]?.type.quant?.storage;
  expect(["a", "b", "c"].map(reads)).toEqual(["i8", "i8", "u16"]);
  expect(new Set(["a", "b"].map((name) => graph.nodes.find((found) => found.name === `${name}_node`)?.inputs[0])).size).toBe(1);
});

test("a constant read by a quantized and by a float node has both forms", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [8, 8] });
  const w = constant("w", [8, 8], 1);
  edit.addOutput(node("MatMul", [x, w], "a"));
  edit.addOutput(node("Add", [x, w], "b"));
  edit.settle();
  const rules = "  - match: { op: MatMul }\n    weights: { dtype: int8, granularity: channel, symmetric: true }\n";
  const { graph } = await quantize(await planOf(edit.graph, rules), undefined, { ops, kernels });
  expect(graph.value("w")?.data?.dtype).toBe("f32");
  expect(graph.nodes.find(({ op }) => op === "MatMul")?.inputs[1]?.data?.dtype).toBe("i8");
});

test("keep: float16 casts at the borders only, stores constants as f16 and keeps the output's name and type", async () => {
  const graph = mlp();
  const { graph: result } = await quantize(await planOf(graph, '  - match: { op: "*" }\n    keep: float16\n'), undefined, { ops, kernels });
  expect(result.nodes.map(({ op }) => op)).toEqual(["Cast", "MatMul", "Add", "Relu", "MatMul", "Cast"]);
  expect(result.outputs.map(({ name, type }) => [name, type.dtype])).toEqual([["y", "f32"]]);
  expect(result.constants.map(({ type }) => type.dtype)).toEqual(["f16", "f16", "f16"]);
});

test("keep: float16 leaves bodies of control flow in their types, and nodes with operands of unknown type", async () => {
  const branch = (op: string) => {
    const inner = new GraphEditor(ops, op);
    const seen = inner.addCapture("hidden", { dtype: "f32", shape: [2] });
    inner.addOutput(inner.insert(op, [seen], {}, { outputs: ["result"] })[0] as Value);
    inner.settle();
    return { kind: "graph" as const, graph: inner.graph };
  };
  const { edit, node } = builder();
  const hidden = node("Neg", [edit.addInput("x", { dtype: "f32", shape: [2] })], "hidden");
  const [chosen] = edit.insert(
    "If",
    [edit.addInput("condition", { dtype: "bool", shape: [] })],
    { then_branch: branch("Abs"), else_branch: branch("Sqrt") },
    { name: "chosen_node", outputs: ["chosen"], captures: new Map([["hidden", hidden]]) },
  );
  const one = edit.addConstant("one", f32Tensor([1, 2], [2]));
  edit.addOutput(node("Abs", [node("Add", [chosen as Value, one], "sum")], "y")); // chosen is of unknown type
  edit.settle();
  const plan = await planOf(edit.graph, '  - match: { op: "*" }\n    keep: float16\n');
  expect(plan.keeps.map(({ node: { op } }) => op)).toEqual(["Neg", "Abs"]);
  const { graph } = await quantize(plan, undefined, { ops, kernels });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Cast", "Neg", "Cast", "If", "Add", "Cast", "Abs", "Cast"]);
  expect([...(graph.nodes[3]?.captures ?? [])].map(([inside, { type }]) => [inside, type.dtype])).toEqual([["hidden", "f32"]]);
});

test("a constant beyond float16 keeps its node in float, with a warning that names both", async () => {
  const { edit, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  edit.addOutput(node("Mul", [x, edit.addConstant("big", f32Tensor([7e4, 1], [2]))], "y"));
  edit.settle();
  const { graph, diagnostics } = await quantize(await planOf(edit.graph, "  - match: { op: Mul }\n    keep: float16\n"), undefined, {
    ops,
    kernels,
  });
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-F16-RANGE", where: { node: "y_node", value: "big" } }]);
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Mul"]);
});

test("an activation that is always 0 gets scale 1 and a warning", async () => {
  const plan = await planOf(mlp(), W8A8);
  const { graph, diagnostics } = await quantize(plan, statisticsOf({ x: { range: [0, 0] }, hidden: { range: [0, 2] } }), { ops, kernels });
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-ZERO-RANGE", where: { value: "x" } }]);
  expect(floats(graph.value("x")?.type.quant?.scale)).toEqual([1]);
});

test("a weight channel of almost no weight gets a scale with which its bias fits int32", async () => {
  const { edit, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const weights = Float32Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 0.5 + i : 1e-20));
  const sum = node("MatMul", [x, edit.addConstant("w", f32Tensor(weights, [4, 2]))], "product");
  edit.addOutput(node("Add", [sum, edit.addConstant("b", f32Tensor([1, 5], [2]))], "y"));
  edit.settle();
  const { graph, diagnostics } = await quantize(await planOf(edit.graph, W8A8), statisticsOf({ x: { range: [-1, 1] } }), { ops, kernels });
  expect(diagnostics).toEqual([]);
  const bias = graph.value("b") as Value;
  const codes = [...new Int32Array((bias.data as TensorData).bytes().slice().buffer)];
  floats(bias.type.quant?.scale).forEach((scale, i) => expect(scale * (codes[i] as number)).toBeCloseTo(i === 0 ? 1 : 5, 3));
});

test("a weight channel without weight gets a scale at which its bias is precise", async () => {
  const { edit, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const weights = Float32Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 0.5 + i : 0));
  const sum = node("MatMul", [x, edit.addConstant("w", f32Tensor(weights, [4, 3]))], "product");
  edit.addOutput(node("Add", [sum, edit.addConstant("b", f32Tensor([1, 0.0123, 0], [3]))], "y"));
  edit.settle();
  const { graph } = await quantize(await planOf(edit.graph, W8A8), statisticsOf({ x: { range: [-9, 9] } }), { ops, kernels });
  const bias = graph.value("b") as Value;
  const codes = [...new Int32Array((bias.data as TensorData).bytes().slice().buffer)];
  const scales = floats(bias.type.quant?.scale);
  expect(scales[1]! * codes[1]!).toBeCloseTo(0.0123, 7);
  expect(Math.abs(codes[1]!)).toBeLessThanOrEqual(2 ** 21);
  expect(floats(graph.value("w")?.type.quant?.scale)[2]).toBe(1);
});

test("a bias that int32 cannot hold at any scale of its type stays float, with a warning; NaN in it is an error", async () => {
  const halfScales = W8A8.replace("symmetric: true }", "symmetric: true, scaleDtype: float16 }");
  const biased = async (bias: number): Promise<Awaited<ReturnType<typeof quantize>>> => {
    const { edit, constant, node } = builder();
    const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
    const sum = node("MatMul", [x, constant("w", [4, 2], 1)], "product");
    edit.addOutput(node("Add", [sum, edit.addConstant("b", f32Tensor([bias, 0], [2]))], "y"));
    edit.settle();
    return quantize(await planOf(edit.graph, halfScales), statisticsOf({ x: { range: [-1e-9, 1e-9] } }), { ops, kernels });
  };
  const { graph, diagnostics } = await biased(1e6);
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-BIAS-RANGE", where: { value: "b" } }]);
  expect(graph.value("b")?.data?.dtype).toBe("f32");
  await expect(biased(Number.NaN)).rejects.toMatchObject({ diagnostic: { code: "VX-QUANT-NON-FINITE", where: { value: "b" } } });
});

test.each([
  ["int8", 1e-42, "f32"],
  ["int4", 1e-5, "f16"],
] as const)(
  "a weight below what %s resolves at the smallest scale has finite, normal scales and a warning",
  async (dtype, gain, scaleDtype) => {
    const { edit, node } = builder();
    const x = edit.addInput("x", { dtype: "f32", shape: [2, 32] });
    const floatsIn = random(32 * 2, 1, gain).fill(0, 0, 1);
    edit.addOutput(node("MatMul", [x, edit.addConstant("w", f32Tensor(floatsIn, [32, 2]))], "y"));
    edit.settle();
    const form = dtype === "int8" ? "granularity: channel" : "granularity: block, blockSize: 32, scaleDtype: float16";
    const plan = await planOf(edit.graph, `  - { match: { op: MatMul }, weights: { dtype: ${dtype}, symmetric: true, ${form} } }`);
    const { graph, diagnostics } = await quantize(plan, undefined, { ops, kernels });
    expect(diagnostics).toMatchObject([{ code: "VX-QUANT-SCALE-LIMIT", severity: "warning", where: { value: "w" } }]);
    const { scale } = graph.value("w")!.type.quant!;
    expect(floats(scale?.dtype === "f16" ? widenedTensor(scale) : scale)).toEqual(
      Array.from({ length: 2 }, () => (scaleDtype === "f32" ? 2 ** -126 : 2 ** -14)),
    );
  },
);

test("a weight beyond the largest scale of its type saturates, with a warning", async () => {
  const { edit, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 32] });
  edit.addOutput(node("MatMul", [x, edit.addConstant("w", f32Tensor(random(64, 1, 1e7), [32, 2]))], "y"));
  edit.settle();
  const rule = (scaleDtype: string): string =>
    `  - { match: { op: MatMul }, weights: { dtype: int4, symmetric: true, granularity: block, blockSize: 32, scaleDtype: ${scaleDtype} } }`;
  const findings = async (scaleDtype: string): Promise<unknown> =>
    (await quantize(await planOf(edit.graph, rule(scaleDtype)), undefined, { ops, kernels })).diagnostics;
  expect(await findings("float16")).toMatchObject([{ code: "VX-QUANT-SCALE-LIMIT", message: expect.stringContaining("saturate") }]);
  expect(await findings("float32")).toEqual([]);
});

test("an activation below what the smallest scale resolves has a warning", async () => {
  const { diagnostics } = await quantize(
    await planOf(mlp(), W8A8),
    statisticsOf({ x: { range: [-1e-30, 1e-30] }, hidden: { range: [0, 1] } }),
    { ops, kernels },
  );
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-TINY-RANGE", severity: "warning", where: { value: "x" } }]);
});

test("statistics without a value of the plan are refused by name", async () => {
  const plan = await planOf(mlp(), W8A8);
  await expect(quantize(plan, statisticsOf({ x: { range: [-1, 1] } }), { ops, kernels })).rejects.toMatchObject({
    diagnostic: { code: "VX-QUANT-NO-STATISTICS", where: { value: "hidden" } },
  });
});

test("bias correction takes the mean error of the quantized weight out of the bias", async () => {
  const rules = `  - match: { op: MatMul }
    weights: { dtype: int2, granularity: tensor, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
    biasCorrection: true
`;
  const mean = random(8, 9);
  const hiddenMean = random(6, 5);
  const means = (values: Float32Array): ValueStatistics["means"] => new Map([[1, values]]);
  const plan = await planOf(mlp(), rules);
  const statistics = statisticsOf({
    x: { range: [-1, 1], means: means(mean) },
    hidden: { range: [0, 1], means: means(hiddenMean) },
  });
  const { graph, diagnostics } = await quantize(plan, statistics, { ops, kernels });
  expect(diagnostics).toEqual([]);
  const restore = ({ data, type }: Value): number[] => {
    const scales = floats(type.quant?.scale);
    const bits = type.quant?.storage === "i2" ? 2 : 32;
    const bytes = (data as TensorData).bytes();
    const code = (i: number): number =>
      bits === 32
        ? new DataView(bytes.buffer, bytes.byteOffset).getInt32(i * 4, true)
        : (((bytes[i >> 2] as number) >> ((i & 3) * 2)) << 30) >> 30;
    const count = ((data as TensorData).shape as number[]).reduce((a, b) => a * b, 1);
    return Array.from({ length: count }, (_, i) => code(i) * (scales[scales.length === 1 ? 0 : i] as number));
  };
  const [w, wq] = [floats(plan.graph.value("w1")?.data), restore(graph.value("w1") as Value)];
  const added = graph.nodes.find(({ name }) => name === "sum_node")?.inputs.find((input) => input?.data) as Value;
  const [bias, corrected] = [floats(plan.graph.value("b1")?.data), restore(added)];
  bias.forEach((before, out) => {
    const error = mean.reduce((sum, value, k) => sum + ((w[k * 6 + out] as number) - (wq[k * 6 + out] as number)) * value, 0);
    expect(corrected[out]).toBeCloseTo(before + error, 2);
  });
  const last = graph.outputs[0]?.producer;
  expect(last?.op).toBe("Add");
  expect(graph.outputs[0]?.name).toBe("y");
});

test("outlier channels go into a float16 part, and the integer part's range no longer holds them", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 40] });
  for (const name of ["a", "b"]) edit.addOutput(node("MatMul", [x, constant(`w_${name}`, [40, 4], 1)], name));
  edit.settle();
  const absmax = new Float32Array(40).fill(1);
  absmax[3] = 60;
  const rules = `${W8A8}  - match: { op: MatMul, outliers: { sigma: 3 } }
    split: { outliers: float16 }
`;
  const plan = await planOf(edit.graph, rules);
  const statistics = statisticsOf({ x: { range: [-60, 1], maxima: new Map([[1, absmax]]) } });
  const { graph, outliers } = await quantize(plan, statistics, { ops, kernels });
  expect(outliers).toMatchObject([
    { node: "a_node", value: "x", channels: [3], by: "activations", split: true },
    { node: "b_node", value: "x", channels: [3], split: true },
  ]);
  expect(graph.nodes.filter(({ op }) => op === "Gather").length).toBe(2);
  expect(graph.nodes.filter(({ op }) => op === "vlm::Quantize").map(({ outputs }) => outputs[0]?.type.quant?.realRange)).toEqual([[-1, 1]]);
  expect(graph.outputs.map(({ name }) => name)).toEqual(["a", "b"]);
  const rest = graph.value("w_a_rest");
  expect([rest?.data?.dtype, rest?.data?.shape]).toEqual(["i8", [39, 4]]);
  const taken = floats(edit.graph.value("w_a")?.data).slice(12, 16);
  halves(graph.value("w_a_outliers")?.data).forEach((value, i) => expect(value).toBeCloseTo(taken[i] as number, 3));
});

test("a split without outliers leaves the node whole and says so", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
  edit.addOutput(node("MatMul", [x, constant("w", [8, 4], 1)], "a"));
  edit.settle();
  const flat = new Float32Array(8).fill(1);
  const plan = await planOf(edit.graph, `${W8A8}  - match: { op: MatMul, outliers: { sigma: 3 } }\n    split: { outliers: float16 }\n`);
  const statistics = statisticsOf({ x: { range: [-1, 1], maxima: new Map([[1, flat]]) } });
  const { graph, diagnostics } = await quantize(plan, statistics, { ops, kernels });
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-NO-OUTLIERS", severity: "info" }]);
  expect(graph.nodes.map(({ op }) => op)).toEqual(["vlm::Quantize", "MatMul"]);
});

test.each([
  [
    "split",
    "outliers: { sigma: 3 } }\n    weights: { dtype: int8, granularity: channel, symmetric: true }\n    split: { outliers: float16 }",
  ],
  ["kept in float16", "}\n    keep: float16"],
])("a widened weight that is %s gives the graph that the same numbers in f32 give", async (_, rule) => {
  const bits = Uint16Array.from(random(160, 1), (value, i) => numberToF16(Math.floor(i / 4) === 3 ? value * 60 : value));
  const narrow = memoryTensor("f16", [40, 4], new Uint8Array(bits.buffer));
  const wide = memoryTensor("f32", [40, 4], widenedTensor(narrow).bytes().slice());
  const quantized = async (data: TensorData): Promise<string> => {
    const { edit, node } = builder();
    const x = edit.addInput("x", { dtype: "f32", shape: [2, 40] });
    edit.addOutput(node("MatMul", [x, edit.addConstant("w", data)], "y"));
    const { graph } = await quantize(await planOf(edit.graph, `  - match: { op: MatMul, ${rule}\n`), undefined, { ops, kernels });
    return printGraph(graph);
  };
  const expected = await quantized(wide);
  expect(expected).toContain(" = f16[");
  expect(await quantized(widenedTensor(narrow))).toBe(expected);
});
