import { f32Tensor, GraphEditor, graphTree, memoryTensor, printGraph, type TensorData, type Value, widenedTensor } from "@vlm-export/ir";
import { f16ToNumber, numberToF16 } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { quantize } from "./quantize.js";
import { builder, floats, kernels, mlp, ops, planOf, random, statisticsOf, W8A8 } from "./small-plans.fixture.js";
import type { ValueStatistics } from "./statistics.js";

const halves = (data: TensorData | undefined): number[] =>
  [...new Uint16Array((data as TensorData).bytes().slice().buffer)].map(f16ToNumber);

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

test("keep: float16 reaches into bodies of control flow, and leaves what holds them and nodes with operands of unknown type", async () => {
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
  expect(plan.keeps.map(({ node: { op }, dtype, within }) => [op, dtype, within?.path])).toEqual([
    ["Neg", "f16", undefined],
    ["Abs", "f16", undefined],
    ["Abs", "f16", "chosen_node/then_branch/"],
    ["Sqrt", "f16", "chosen_node/else_branch/"],
  ]);
  const { graph } = await quantize(plan, undefined, { ops, kernels });
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Cast", "Neg", "Cast", "If", "Add", "Cast", "Abs", "Cast"]);
  expect([...(graph.nodes[3]?.captures ?? [])].map(([inside, { type }]) => [inside, type.dtype])).toEqual([["hidden", "f32"]]);
  const bodies = graphTree(graph).places.slice(1);
  expect(bodies.map((place) => place.graph.nodes.map(({ op }) => op))).toEqual([
    ["Cast", "Abs", "Cast"],
    ["Cast", "Sqrt", "Cast"],
  ]);
  expect(bodies.map((place) => place.graph.outputs.map(({ name, type }) => [name, type.dtype]))).toEqual([
    [["result", "f32"]],
    [["result", "f32"]],
  ]);
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

test("a value that was seen beyond float16 keeps its node in float, infinities aside", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  edit.addOutput(node("Neg", [node("MatMul", [x, constant("w", [4, 4], 1)], "h")], "y"));
  edit.settle();
  const rules = `${W8A8}  - match: { op: Neg }\n    keep: float16\n`;
  const opsOf = async (range: readonly [number, number]) => {
    const statistics = statisticsOf({ x: { range: [-1, 1] }, h: { range }, y: { range: [0, 1] } });
    const { graph, diagnostics } = await quantize(await planOf(edit.graph, rules), statistics, { ops, kernels });
    return { ops: graph.nodes.map(({ op }) => op), diagnostics };
  };
  const beyond = await opsOf([-7e4, 0]);
  expect(beyond.diagnostics).toMatchObject([{ code: "VX-QUANT-F16-RANGE", where: { node: "y_node", value: "h" } }]);
  expect(beyond.ops).toEqual(["MatMul", "Neg"]);
  expect(await opsOf([Number.NEGATIVE_INFINITY, 65504])).toMatchObject({ ops: ["MatMul", "Cast", "Neg", "Cast"], diagnostics: [] });
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

test("bias correction counts the factor of a Gemm", async () => {
  const rules = `  - match: { op: Gemm }
    weights: { dtype: int2, granularity: tensor, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
    biasCorrection: true
`;
  const correctionOf = async (alpha: number): Promise<number[]> => {
    const { edit, constant, node } = builder();
    const x = edit.addInput("x", { dtype: "f32", shape: [2, 8] });
    edit.addOutput(node("Gemm", [x, constant("w", [8, 4], 1)], "y", { alpha }));
    edit.settle();
    const statistics = statisticsOf({ x: { range: [-1, 1], means: new Map([[1, random(8, 9)]]) } });
    const { graph } = await quantize(await planOf(edit.graph, rules), statistics, { ops, kernels });
    const added = graph.nodes.find(({ op }) => op === "Add")?.inputs.find((input) => input?.data);
    return floats(added?.data);
  };
  const [one, half] = [await correctionOf(1), await correctionOf(0.5)];
  expect(Math.max(...one.map(Math.abs))).toBeGreaterThan(0.01);
  expect(half).toEqual(one.map((error) => error / 2));
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

test("outlier channels beyond float16 leave the node whole, with a warning", async () => {
  const { edit, constant, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 40] });
  edit.addOutput(node("MatMul", [x, constant("w", [40, 4], 1)], "a"));
  edit.settle();
  const absmax = new Float32Array(40).fill(1).fill(1e5, 3, 4);
  const plan = await planOf(edit.graph, `${W8A8}  - match: { op: MatMul, outliers: { sigma: 3 } }\n    split: { outliers: float16 }\n`);
  const statistics = statisticsOf({ x: { range: [-1e5, 1], maxima: new Map([[1, absmax]]) } });
  const { graph, diagnostics } = await quantize(plan, statistics, { ops, kernels });
  expect(diagnostics).toMatchObject([
    { code: "VX-QUANT-F16-RANGE", message: expect.stringContaining("is not split"), where: { value: "x" } },
  ]);
  expect(graph.nodes.map(({ op }) => op)).toEqual(["vlm::Quantize", "MatMul"]);
});

test.each([
  ["MatMul", {}, 4e4],
  ["Gemm", { alpha: 0.25 }, 6.5e4],
] as const)("sums of outlier products beyond float16 leave the %s whole, with a warning", async (op, attrs, inputLargest) => {
  const { edit, node } = builder();
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 32] });
  const w = edit.addConstant(
    "w",
    f32Tensor(
      new Float32Array(32 * 4).map((_, i) => (i === 12 ? 5 : 0.1)),
      [32, 4],
    ),
  );
  edit.addOutput(node(op, [x, w], "a", attrs));
  edit.settle();
  const absmax = Float32Array.from({ length: 32 }, (_, i) => (i === 3 ? inputLargest : 1));
  const plan = await planOf(
    edit.graph,
    `${W8A8}  - match: { op: [MatMul, Gemm], outliers: { sigma: 3 } }\n    split: { outliers: float16 }\n`,
  );
  const statistics = statisticsOf({ x: { range: [-inputLargest, 1], maxima: new Map([[1, absmax]]) } });
  const { graph, diagnostics } = await quantize(plan, statistics, { ops, kernels });
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-F16-RANGE", where: { value: "a" } }]);
  expect(graph.nodes.map((found) => found.op)).toEqual(["vlm::Quantize", op]);
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
