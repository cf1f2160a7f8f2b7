import { f32Tensor, type TensorData, type Value, widenedTensor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { quantize } from "./quantize.js";
import { builder, floats, kernels, mlp, ops, planOf, random, statisticsOf, W8A8 } from "./small-plans.fixture.js";

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

test("an activation beyond what the largest scale reaches has a warning, and saturates alike on both sides", async () => {
  const { graph, diagnostics } = await quantize(
    await planOf(mlp(), W8A8),
    statisticsOf({ x: { range: [-3e38, 3e38] }, hidden: { range: [0, 1] } }),
    { ops, kernels },
  );
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-HUGE-RANGE", severity: "warning", where: { value: "x" } }]);
  expect(graph.value("x")?.type.quant?.zeroPoint?.bytes()).toEqual(Uint8Array.of(0));
});

test("an activation below what the smallest scale resolves has a warning", async () => {
  const { diagnostics } = await quantize(
    await planOf(mlp(), W8A8),
    statisticsOf({ x: { range: [-1e-30, 1e-30] }, hidden: { range: [0, 1] } }),
    { ops, kernels },
  );
  expect(diagnostics).toMatchObject([{ code: "VX-QUANT-TINY-RANGE", severity: "warning", where: { value: "x" } }]);
});
