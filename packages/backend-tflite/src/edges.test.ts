import { f32Tensor, memoryTensor, widenedTensor } from "@vlm-export/ir";
import { numberToBf16, numberToF16 } from "@vlm-export/numerics";
import { expect, test } from "vitest";
import { built } from "./artifact.fixture.js";
import backend from "./index.js";
import { floats } from "./meaning.fixture.js";
import { Sketch, spec } from "./sketch.fixture.js";

const numbers = f32Tensor([1, -2, 3, 0.5], [2, 2]);

test("outputs that are an input, a constant or one value twice are filled", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 2]);
  const h = s.node("Neg", [x]);
  const model = s.model(
    s.node("Identity", [x]),
    s.node("Identity", [h]),
    s.node("Identity", [h]),
    s.node("Identity", [s.float([2], f32Tensor([7, 8], [2]))]),
  );
  const { artifact, context } = await built(model);
  const session = await backend.open!(artifact, context);
  const results = [...(await session.run(new Map([["x", numbers]]))).values()];
  await session.close();
  expect(results.map((data) => [...floats(data)])).toEqual([
    [1, -2, 3, 0.5],
    [-1, 2, -3, -0.5],
    [-1, 2, -3, -0.5],
    [7, 8],
  ]);
});

test("outputs computed of integer constants alone are filled", async () => {
  const s = new Sketch();
  const quant = spec({ storage: "i8", range: [-128, 127], rank: 2, scales: [0.5], zeroPoint: 1 });
  const type = { dtype: "f32", shape: [2, 2], quant } as const;
  const w = s.edit.addConstant("w", memoryTensor("i8", [2, 2], Uint8Array.from(Int8Array.of(1, 3, -5, 127))), type);
  const [same, positive] = [s.node("Identity", [w]), s.node("Relu", [w])];
  for (const value of [same, positive]) s.edit.retype(value, type);
  const { artifact, context } = await built(s.model(s.node("Neg", [s.input("x", [2, 2])]), same, positive));
  const session = await backend.open!(artifact, context);
  const results = [...(await session.run(new Map([["x", numbers]]))).values()];
  await session.close();
  expect(results.map((data) => [...floats(data)])).toEqual([
    [-1, 2, -3, -0.5],
    [0, 1, -3, 63],
    [0, 1, 0, 63],
  ]);
});

test("outputs without axes that are reshaped are filled", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 1]);
  const model = s.model(s.node("Squeeze", [x]), s.node("Neg", [s.node("Reshape", [x, s.indices()])]));
  const { artifact, context } = await built(model);
  const session = await backend.open!(artifact, context);
  const results = [...(await session.run(new Map([["x", f32Tensor([7], [1, 1])]]))).values()];
  await session.close();
  expect(results.map((data) => [data.shape, ...floats(data)])).toEqual([
    [[], 7],
    [[], -7],
  ]);
});

test("float16 inputs are given as the float32 that the file has", async () => {
  const s = new Sketch();
  const half = s.edit.addInput("x", { dtype: "f16", shape: [2, 2] });
  const { artifact, context } = await built(s.model(s.node("Neg", [half])));
  const session = await backend.open!(artifact, context);
  const bits = Uint16Array.from(floats(numbers), numberToF16);
  const [result] = (await session.run(new Map([["x", memoryTensor("f16", [2, 2], new Uint8Array(bits.buffer))]]))).values();
  await session.close();
  expect([...floats(result!)]).toEqual([-1, 2, -3, -0.5]);
});

test("a sample of another shape than the file's is refused with both", async () => {
  const s = new Sketch();
  const { artifact, context } = await built(s.model(s.node("Neg", [s.input("x", [1, 2])])));
  const session = await backend.open!(artifact, context);
  await expect(session.run(new Map([["x", numbers]]))).rejects.toMatchObject({
    diagnostic: { code: "VX-TOOL-TFLITE-INPUT", message: expect.stringContaining("f32[2, 2]; the .tflite file takes float32[1, 2]") },
  });
  await session.close();
});

test("an output of the name of an input, and float64, are refused", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 2]);
  await expect(built(s.model(s.node("Neg", [x]), x))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-VALUE", where: { value: "x" } },
  });
  const double = new Sketch();
  const d = double.edit.addInput("d", { dtype: "f64", shape: [2] });
  await expect(built(double.model(double.node("Neg", [d])))).rejects.toMatchObject({ diagnostic: { code: "VX-LOWER-TFLITE-VALUE" } });
});

test.each([
  ["f16", numberToF16, 8],
  ["bf16", numberToBf16, 16],
] as const)("a widened %s constant is proven and computed; f16 stays f16 in the file", async (dtype, round, sizeBytes) => {
  const s = new Sketch();
  const narrow = memoryTensor(dtype, [2, 2], new Uint8Array(Uint16Array.from(floats(numbers), round).buffer));
  const model = s.model(s.node("Mul", [s.input("x", [2, 2]), s.float([2, 2], widenedTensor(narrow))]));
  const { artifact, target, context } = await built(model);
  const constants = target.flatMap((component) => component.constants);
  const decoded = await backend.decode({ ...artifact, constants }, context);
  expect(decoded.constants!.map(({ data }) => data.byteLength)).toEqual([sizeBytes]);
  const [stored] = decoded.constants!.map(({ data }) => data.bytes());
  expect(Buffer.from(stored!)).toEqual(Buffer.from((dtype === "f16" ? narrow : numbers).bytes()));
  const session = await backend.open!(artifact, context);
  const [result] = (await session.run(new Map([["x", numbers]]))).values();
  await session.close();
  expect([...floats(result!)]).toEqual([1, 4, 9, 0.25]);
});
