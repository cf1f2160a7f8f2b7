import { f32Tensor, i64Tensor, memoryTensor, type Node, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../../artifact.fixture.js";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

const real = (s: Sketch, value: Value): Value => s.node("Cast", [value], { to: 1 });
/** Whole numbers from −2 to 2, computed at run time. */
const computed = (s: Sketch, name: string, shape: readonly number[]): Value =>
  s.node("Cast", [s.node("Mul", [s.input(name, shape), s.float([], f32Tensor([2.99], []))])], { to: 7 });
const like = (s: Sketch, value: Value, { type }: Value): Value => {
  s.edit.retype(value, {
    ...value.type,
    quant: {
      ...type.quant!,
      scale: f32Tensor(
        [0.02],
        value.type.shape!.map(() => 1),
      ),
    },
  });
  return value;
};

test("positions of extremes are those of the real numbers, on integers as well", async () => {
  const s = new Sketch();
  const [x, y] = [s.input("x", [2, 3, 4], 0.02), s.input("y", [4, 3, 2])];
  const turned = s.node("Transpose", [y], { perm: [2, 1, 0] });
  const forms: readonly (readonly [string, Value, Node["attrs"]])[] = [
    ["ArgMax", x, { axis: 1 }],
    ["ArgMax", turned, { axis: -1, keepdims: 0 }],
    ["ArgMin", turned, { axis: 0 }],
    ["ArgMin", computed(s, "z", [3, 4]), { axis: 1, keepdims: 0 }],
  ];
  await expectMeaning(s.model(...forms.map(([op, operand, attrs]) => real(s, s.node(op, [operand], attrs)))));
});

test("elements are gathered by known and computed positions, from the end too", async () => {
  const s = new Sketch();
  const [x, y] = [s.input("x", [3, 4, 5], 0.02), s.input("y", [3, 4])];
  const known = s.edit.addConstant("known", i64Tensor([0, 2, -1, 1, -3, 0], [1, 2, 3]));
  const tuples = s.edit.addConstant("tuples", i64Tensor([0, 1, 2, 2, -1, 0], [3, 2]));
  const isPositive = s.node("Less", [s.float([], f32Tensor([0], [])), y]);
  const found = [
    like(s, s.node("GatherElements", [x, known], { axis: 1 }), x),
    s.node("GatherElements", [y, computed(s, "i", [2, 4])], { axis: 0 }),
    s.node("GatherElements", [y, computed(s, "j", [3, 7])], { axis: -1 }),
    s.integers(s.node("GatherND", [x, tuples]), 0.03),
    real(s, s.node("GatherND", [isPositive, tuples])),
    s.node("GatherND", [y, computed(s, "k", [9, 1])]),
    s.node("GatherND", [x, computed(s, "l", [9, 2])]),
    s.node("Gather", [y, computed(s, "m", [2, 9])], { axis: 0 }),
    s.node("Gather", [x, computed(s, "n", [9])], { axis: 1 }),
    s.node("Gather", [y, s.node("ArgMax", [s.input("o", [3, 4])], { axis: 0 })], { axis: 1 }),
  ];
  await expectMeaning(s.model(...found));
});

test("repeats and running sums work in the layout that they find", async () => {
  const s = new Sketch();
  const [x, y] = [s.input("x", [2, 3, 4], 0.02), s.node("Transpose", [s.input("y", [4, 3, 2])], { perm: [2, 1, 0] })];
  const axis = (value: number): Value => s.edit.addConstant(s.edit.freshName("axis"), i64Tensor([value], []));
  const made = [
    s.integers(s.node("Tile", [x, s.indices(1, 2, 3)]), 0.03),
    s.node("Tile", [y, s.indices(2, 1, 1)]),
    s.integers(s.node("CumSum", [x, axis(1)]), 0.05),
    s.node("CumSum", [y, axis(-1)], { exclusive: 1, reverse: 1 }),
    real(s, s.node("CumSum", [computed(s, "z", [3, 4]), axis(1)])),
  ];
  await expectMeaning(s.model(...made));
});

test("forms without a kernel are refused by name", async () => {
  const refused = async (op: string, attrs: Node["attrs"], message: string): Promise<void> => {
    const s = new Sketch();
    const inputs = op === "ArgMax" ? [s.input("x", [2, 3])] : [s.input("x", [2, 3]), s.edit.addConstant("i", i64Tensor([0, 1], [2, 1]))];
    const y = s.node(op, inputs, attrs);
    await expect(built(s.model(op === "ArgMax" ? real(s, y) : y))).rejects.toThrow(message);
  };
  await refused("ArgMax", { select_last_index: 1 }, "the last among equals");
  await refused("GatherND", { batch_dims: 1 }, "GatherND with batch axes");
});

test("whole numbers are clipped and padded as whole numbers, whatever bounds an i64 has", async () => {
  const s = new Sketch();
  const z = computed(s, "z", [3, 4]);
  const whole = (value: bigint): Value =>
    s.edit.addConstant(s.edit.freshName("bound"), memoryTensor("i64", [], new Uint8Array(BigInt64Array.of(value).buffer)));
  const made = [
    s.node("Clip", [z, whole(-1n), whole(1n)]),
    s.node("Clip", [z, whole(0n), whole(2n ** 63n - 1n)]),
    s.node("Clip", [z, null, whole(0n)]),
    s.node("Clip", [z, whole(2n), whole(1n)]),
    s.node("Relu", [z]),
    s.node("Pad", [z, s.indices(1, 0, 0, 2), whole(7n)]),
    s.node("Pad", [z, s.indices(1, 0, 0, 2)]),
  ];
  await expectMeaning(s.model(...made.map((value) => real(s, value))));
});
