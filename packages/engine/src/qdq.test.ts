import { type DType, f32Tensor, GraphEditor, memoryTensor, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { numberToF16, roundHalfEven } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine } from "./index.js";

const ops = standardOps();
let engine: Engine;
beforeAll(async () => {
  engine = await createEngine();
});
afterAll(() => engine.close());

const f16 = (values: readonly number[], shape: readonly number[]): TensorData =>
  memoryTensor("f16", shape, new Uint8Array(Uint16Array.from(values, numberToF16).buffer));
const raw = (dtype: DType, shape: readonly number[], array: ArrayBufferView): TensorData =>
  memoryTensor(dtype, shape, new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
const spec = (given: Partial<QuantSpec> & Pick<QuantSpec, "storage" | "granularity">): QuantSpec => ({
  range: [-128, 127],
  mode: "static",
  ...given,
});

/** What readers of a quantized constant get. */
async function dequantized(data: TensorData, shape: readonly number[], quant: QuantSpec): Promise<number[]> {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape });
  const w = edit.addConstant("w", data, { dtype: "f32", shape, quant });
  const [y] = edit.insert("Add", [x, w], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const zeros = f32Tensor(new Float32Array(shape.reduce((a, b) => a * b, 1)), shape);
  const { outputs } = await session.run(new Map([["x", zeros]]));
  await session.close();
  return [...new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))];
}

test("an int8 constant with one scale and a zero point", async () => {
  const quant = spec({
    storage: "i8",
    granularity: "tensor",
    scale: f32Tensor([0.5], [1, 1]),
    zeroPoint: raw("i8", [1, 1], Int8Array.of(3)),
  });
  expect(await dequantized(raw("i8", [2, 2], Int8Array.of(-128, 3, 4, 127)), [2, 2], quant)).toEqual([-65.5, 0, 0.5, 62]);
});

test("an int8 constant with a scale per index of an axis", async () => {
  const quant = spec({ storage: "i8", granularity: "channel", scale: f32Tensor([0.5, 2], [1, 2]) });
  expect(await dequantized(raw("i8", [2, 2], Int8Array.of(-2, 3, 4, -127)), [2, 2], quant)).toEqual([-1, 6, 2, -254]);
});

test("an int4 constant in blocks, packed low nibble first, with f16 scales widened", async () => {
  const quant = spec({ storage: "i4", range: [-7, 7], granularity: "block", scale: f16([0.5, 2, 4, 1], [2, 2]) });
  const ints = memoryTensor("i4", [4, 2], Uint8Array.of(0x21, 0x43, 0x9f, 0x70));
  expect(await dequantized(ints, [4, 2], quant)).toEqual([0.5, 4, 1.5, 8, -4, -7, 0, 7]);
});

test("a block size that does not divide the axis", async () => {
  const quant = spec({ storage: "i8", granularity: "block", scale: f32Tensor([1, 10], [2, 1]) });
  expect(await dequantized(raw("i8", [3, 1], Int8Array.of(1, 2, 3)), [3, 1], quant)).toEqual([1, 2, 30]);
});

test("a uint2 constant", async () => {
  const quant = spec({
    storage: "u2",
    range: [0, 3],
    granularity: "tensor",
    scale: f32Tensor([1], [1]),
    zeroPoint: memoryTensor("u2", [1], Uint8Array.of(1)),
  });
  expect(await dequantized(memoryTensor("u2", [5], Uint8Array.of(0b11100100, 0b10)), [5], quant)).toEqual([-1, 0, 1, 2, 1]);
});

test("an int32 bias with a scale per channel", async () => {
  const quant = spec({ storage: "i32", range: [-(2 ** 31), 2 ** 31 - 1], granularity: "channel", scale: f32Tensor([0.25, 0.5], [2]) });
  expect(await dequantized(raw("i32", [2], Int32Array.of(1000, -3)), [2], quant)).toEqual([250, -1.5]);
});

/** What readers of a quantized activation get. */
async function requantized(
  values: readonly number[],
  shape: readonly number[],
  quant: QuantSpec,
  arithmetic: "fused" | "plain" = "plain",
): Promise<number[]> {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape, quant });
  const [y] = edit.insert("Neg", [x], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  const session = await engine.openGraph({ graph: edit.graph, ops, taps: [{ value: "x", kind: "tensor" }] }, { arithmetic });
  const { tensors, outputs } = await session.run(new Map([["x", f32Tensor(values, shape)]]));
  await session.close();
  const seen = [...new Float32Array(tensors.get("x")?.buffer ?? new ArrayBuffer(0))];
  expect([...new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))].map((value) => -value)).toEqual(seen);
  return seen;
}

test.each([
  { storage: "u8", array: Uint8Array, qmin: 0, qmax: 255, zero: 100 },
  { storage: "i8", array: Int8Array, qmin: -128, qmax: 127, zero: -5 },
  { storage: "u16", array: Uint16Array, qmin: 0, qmax: 65535, zero: 30000 },
  { storage: "i16", array: Int16Array, qmin: -32768, qmax: 32767, zero: 0 },
] as const)("a static $storage activation is rounded half to even and clamped", async ({ storage, array, qmin, qmax, zero }) => {
  const scale = 0.25;
  const values = [0.125, 0.375, -0.125, 0.3, 1e6, -1e6, 7.75];
  const quant = spec({
    storage,
    range: [qmin, qmax],
    granularity: "tensor",
    scale: f32Tensor([scale], [1]),
    zeroPoint: raw(storage, [1], array.of(zero)),
  });
  const expected = values.map((x) => (Math.min(qmax, Math.max(qmin, roundHalfEven(x / scale) + zero)) - zero) * scale);
  expect((await requantized(values, [7], quant)).map((value) => value + 0)).toEqual(expected.map((value) => value + 0));
});

test("a dynamic uint8 activation has one scale over the run", async () => {
  const values = [-1, 0, 0.31, 2];
  const quant = spec({ storage: "u8", range: [0, 255], granularity: "tensor", mode: "dynamic" });
  const scale = Math.fround(3 / 255);
  const zero = roundHalfEven(1 / scale);
  const expected = values.map((x) => (roundHalfEven(x / scale) + zero - zero) * scale);
  for (const [i, value] of (await requantized(values, [4], quant)).entries()) expect(value).toBeCloseTo(expected[i] as number, 6);
});

test("a dynamic int8 activation per token has one scale per row, and a row of zeros stays zero", async () => {
  const quant = spec({ storage: "i8", range: [-127, 127], granularity: "token", mode: "dynamic" });
  const out = await requantized([1, -2, 0.5, 0, 0, 0], [2, 3], quant);
  const scale = 2 / 127;
  const expected = [1, -2, 0.5].map((x) => roundHalfEven(x / scale) * scale);
  for (const [i, value] of [...expected, 0, 0, 0].entries()) expect(out[i]).toBeCloseTo(value, 6);
});

test("a quantized output keeps its name and is given out as float", async () => {
  const quant = spec({ storage: "i8", granularity: "tensor", scale: f32Tensor([1], [1]) });
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const [y] = edit.insert("Neg", [x], {}, { outputs: ["y"], types: [{ dtype: "f32", shape: [2], quant }] });
  if (y) edit.addOutput(y);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const { outputs } = await session.run(new Map([["x", f32Tensor([1.4, -300], [2])]]));
  await session.close();
  expect([...outputs.keys()]).toEqual(["y"]);
  expect([...new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))]).toEqual([-1, 127]);
});

test.each(["f16", "f32"] as const)(
  "half-precision values with scales in %s are those of the definition, rounded to half precision",
  async (dtype) => {
    const scale = dtype === "f16" ? f16([0.5, 0.25], [1, 2]) : f32Tensor([0.5, 0.25], [1, 2]);
    const edit = new GraphEditor(ops, "g");
    const x = edit.addInput("x", { dtype: "f32", shape: [2, 2] });
    const tensor = spec({ storage: "i8", granularity: "tensor", scale: dtype === "f16" ? f16([0.5], [1, 1]) : f32Tensor([0.5], [1, 1]) });
    const [half] = edit.insert("Cast", [x], { to: 10 }, { outputs: ["half"], types: [{ dtype: "f16", shape: [2, 2], quant: tensor }] });
    const w = edit.addConstant("w", raw("i8", [2, 2], Int8Array.of(2, 4, -6, 8)), {
      dtype: "f16",
      shape: [2, 2],
      quant: spec({ storage: "i8", granularity: "channel", scale }),
    });
    const [sum] = edit.insert("Add", [half ?? null, w]);
    const [y] = edit.insert("Cast", [sum ?? null], { to: 1 }, { outputs: ["y"] });
    if (y) edit.addOutput(y);
    const session = await engine.openGraph({ graph: edit.graph, ops });
    const { outputs } = await session.run(new Map([["x", f32Tensor([0.6, 0.25, -1, 1.3], [2, 2])]]));
    await session.close();
    expect([...new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))]).toEqual([0.5 + 1, 0 + 1, -1 - 3, 1.5 + 2]);
  },
);

test("plain arithmetic gives every tap, also of a clamp that its quantized operand makes idle", async () => {
  const quant = spec({
    storage: "i8",
    granularity: "tensor",
    scale: f32Tensor([0.5], [1, 1]),
    zeroPoint: raw("i8", [1, 1], Int8Array.of(-128)),
  });
  const types = [{ dtype: "f32" as const, shape: [1, 2], quant }];
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 2] });
  const w = edit.addConstant("w", f32Tensor([1, 0, 0, 1], [2, 2]));
  const [h] = edit.insert("MatMul", [x, w], {}, { outputs: ["h"], types });
  const [r] = edit.insert("Relu", [h ?? null], {}, { outputs: ["r"], types });
  const [y] = edit.insert("MatMul", [r ?? null, w], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  const taps = ["h", "r"].map((value) => ({ value, kind: "tensor" as const }));
  const session = await engine.openGraph({ graph: edit.graph, ops, taps }, { arithmetic: "plain" });
  const { tensors } = await session.run(new Map([["x", f32Tensor([-3, 1.6], [1, 2])]]));
  await session.close();
  expect(["h", "r"].map((name) => [...new Float32Array(tensors.get(name)?.buffer ?? new ArrayBuffer(0))])).toEqual([
    [0, 1.5],
    [0, 1.5],
  ]);
});

test("vlm::QuickGelu is x · sigmoid(1.702 · x)", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const [y] = edit.insert("vlm::QuickGelu", [x], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const { outputs } = await session.run(new Map([["x", f32Tensor([1, -2], [2])]]));
  await session.close();
  const [a, b] = new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0));
  expect(a).toBeCloseTo(1 / (1 + Math.exp(-1.702)), 6);
  expect(b).toBeCloseTo(-2 / (1 + Math.exp(3.404)), 6);
});
