import { f32Tensor, i64Tensor, memoryTensor, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../../artifact.fixture.js";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

const FLOAT = { to: 1 };
const INT64 = { to: 7 };
const BOOL = { to: 9 };

test("comparisons and truth values mean on the engine what the graph means, in any layout", async () => {
  const s = new Sketch();
  const [x, y] = [s.input("x", [2, 3, 4], 0.02), s.node("Transpose", [s.input("y", [4, 3, 2])], { perm: [2, 1, 0] })];
  const real = (value: Value): Value => s.node("Cast", [value], FLOAT);
  const round = (value: Value): Value => s.node("Cast", [s.node("Mul", [value, s.float([], f32Tensor([3], []))])], INT64);
  const compared = ["Less", "LessOrEqual", "Greater", "GreaterOrEqual"].flatMap((op) => [
    s.node(op, [x, y]),
    s.node(op, [round(x), round(y)]),
    s.node(op, [y, s.float([3, 1])]),
  ]);
  const equal = s.node("Equal", [round(x), s.edit.addConstant("numbers", i64Tensor([0, 1, -1, 0]))]);
  const [a, b] = [compared[0]!, compared[1]!];
  const flags = s.edit.addConstant("flags", memoryTensor("bool", [3, 1], Uint8Array.of(1, 0, 1)));
  const combined = ["And", "Or", "Xor"].flatMap((op) => [s.node(op, [a, b]), s.node(op, [a, flags])]);
  const cast = s.node("Cast", [round(y)], BOOL);
  await expectMeaning(s.model(...[...compared, equal, ...combined, cast, s.node("Not", [a])].map(real)));
});

test("what is chosen is broadcast, and quantized by its own type", async () => {
  const s = new Sketch();
  const [x, y] = [s.input("x", [2, 3, 4], 0.02), s.input("y", [3, 1], 0.015)];
  const isLess = s.node("Less", [x, y]);
  const zero = s.float([], f32Tensor([0], []));
  const row = s.node("Less", [s.input("z", [4]), zero]);
  const chosen = [s.integers(s.node("Where", [isLess, x, y]), 0.03), s.node("Where", [row, zero, x]), s.node("Where", [row, y, zero])];
  const whole = s.node("Where", [row, s.edit.addConstant("ones", i64Tensor([1], [])), s.edit.addConstant("row", i64Tensor([4, 5, 6, 7]))]);
  await expectMeaning(s.model(...chosen, s.node("Cast", [whole], FLOAT)));
});

test("rows of a softmax in which everything is masked are replaced where the graph replaces NaN", async () => {
  const s = new Sketch();
  const scores = s.input("scores", [1, 2, 3, 4]);
  const masks = Array.from({ length: 12 }, (_, i) => (i < 4 || i % 3 === 0 ? Number.NEGATIVE_INFINITY : 0));
  const softmax = s.node("Softmax", [s.node("Add", [scores, s.float([3, 4], f32Tensor(masks, [3, 4]))])], { axis: -1 });
  const clean = s.node("Where", [s.node("IsNaN", [softmax]), s.float([], f32Tensor([0], [])), softmax]);
  await expectMeaning(s.model(s.integers(clean, 1 / 256, -128)));
});

test("whole numbers that int32 does not hold are refused by name", async () => {
  const s = new Sketch();
  const far = s.edit.addConstant("far", i64Tensor([2 ** 40]));
  const equal = s.node("Equal", [s.node("Cast", [s.input("x", [2])], INT64), far]);
  await expect(built(s.model(s.node("Cast", [equal], FLOAT)))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-VALUE", message: expect.stringContaining("1099511627776"), where: { value: "far" } },
  });
});
