import type { Attrs, Dim, InferContext, TensorData, TensorType } from "@vlm-export/ir";
import { i64Tensor, memoryTensor, VxError } from "@vlm-export/ir";
import { describe, expect, test } from "vitest";
import { standardOps } from "./registry.js";
import { tensorOf } from "./small-tensor.js";

const ops = standardOps();
const f32 = (...shape: Dim[]): TensorType => ({ dtype: "f32", shape });
const i64 = (...shape: Dim[]): TensorType => ({ dtype: "i64", shape });

function context(attrs: Attrs, known: ReadonlyMap<number, readonly Dim[]>, outputCount = 1): InferContext {
  return { attrs, outputCount, constant: () => undefined, elements: (index) => known.get(index), freshDim: () => "?0" };
}

interface Call {
  readonly inputs: readonly (TensorType | null)[];
  readonly attrs?: Attrs;
  readonly elements?: Readonly<Record<number, readonly Dim[]>>;
  readonly outputs?: number;
}

function infer(op: string, { inputs, attrs = {}, elements = {}, outputs = 1 }: Call): readonly TensorType[] {
  const known = new Map(Object.entries(elements).map(([index, list]) => [Number(index), list]));
  return ops.get(op)?.infer(inputs, context(attrs, known, outputs)) ?? [];
}

function evaluate(op: string, inputs: readonly (TensorData | null)[], attrs: Attrs = {}): readonly TensorData[] {
  return ops.get(op)?.evaluate?.(inputs, attrs, 1) ?? [];
}

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof VxError) return `${error.diagnostic.code} ${error.message}`;
    throw error;
  }
  return "no error";
}

describe("a shape rule that refuses says what is wrong, with numbers, and what it expected", () => {
  test.each<[string, Call, string]>([
    ["Add", { inputs: [f32(1)] }, "VX-OP-ARITY Add: 1 inputs were given; expected 2."],
    ["Concat", { inputs: [], attrs: { axis: 0 } }, "VX-OP-ARITY Concat: 0 inputs were given; expected 1 to any number."],
    ["Add", { inputs: [null, f32(1)] }, "VX-OP-INPUT-MISSING Add: input A is absent; it is required."],
    [
      "Softmax",
      { inputs: [f32(2, 3)], attrs: { axis: 2 } },
      "VX-OP-AXIS Softmax: axis 2 is outside a rank-2 tensor; expected an axis in [-2, 1].",
    ],
    ["Softmax", { inputs: [f32()] }, "VX-OP-AXIS Softmax: axis -1 is outside a rank-0 tensor; a scalar has no axes."],
    [
      "Softmax",
      { inputs: [f32(2)], attrs: { axis: "0" } },
      'VX-OP-ATTRIBUTE Softmax: attribute axis is "0"; expected a value of kind int.',
    ],
    [
      "Softmax",
      { inputs: [f32(2)], attrs: { axes: 0 } },
      'VX-OP-ATTRIBUTE-UNKNOWN Softmax: attribute "axes" is unknown; known attributes: axis.',
    ],
    ["Concat", { inputs: [f32(2)] }, "VX-OP-ATTRIBUTE-MISSING Concat: attribute axis (int) is missing; it is required."],
    [
      "Unsqueeze",
      { inputs: [f32(2), i64(2)], elements: { 1: [0, -3] } },
      "VX-OP-AXIS-REPEATED Unsqueeze: axes [0, -3] name one axis twice; expected each axis once.",
    ],
    [
      "Mul",
      { inputs: [f32(2, 3), f32(2)] },
      "VX-OP-BROADCAST Mul: shapes [2, 3] and [2] do not broadcast; aligned extents must be equal, or one of them 1.",
    ],
    ["Erf", { inputs: [{ dtype: "string", shape: [1] }] }, "VX-OP-DTYPE Erf: input is string; expected"],
    ["Add", { inputs: [f32(1), i64(1)] }, "VX-OP-DTYPE-MISMATCH Add: A (f32) and B (i64) differ in element type; expected the same type."],
    [
      "Einsum",
      { inputs: [f32(2, 3)], attrs: { equation: "ijk->i" } },
      'VX-OP-EQUATION Einsum: equation "ijk->i": term "ijk" names 3 axes of an operand of rank 2.',
    ],
    [
      "Einsum",
      { inputs: [f32(2, 3), f32(4)], attrs: { equation: "ij,j" } },
      'VX-OP-EQUATION Einsum: equation "ij,j": label j is both 3 and 4.',
    ],
    [
      "MatMul",
      { inputs: [f32(2, 3), f32(4, 5)] },
      "VX-OP-EXTENT MatMul: the extent of B that is summed over is 4; expected 3, like that of A.",
    ],
    [
      "Conv",
      { inputs: [f32(1, 3, 8, 8), f32(4, 2, 3, 3)] },
      "VX-OP-EXTENT Conv: the number of channels of X is 3; expected 2, like W's extent 1 times group.",
    ],
    [
      "Conv",
      { inputs: [f32(1, 3, 2, 2), f32(4, 3, 5, 5)] },
      "VX-OP-EXTENT Conv: the padded input is 2; expected at least the 5 elements that the kernel spans.",
    ],
    [
      "AveragePool",
      { inputs: [f32(1, 3, 2, 2)], attrs: { kernel_shape: [5, 5], strides: [2, 2], ceil_mode: 1 } },
      "VX-OP-EXTENT AveragePool: the padded input is 2; expected at least the 5 elements that the kernel spans.",
    ],
    [
      "Conv",
      { inputs: [f32(1, 3, 8, 8), f32(4, 3, 3, 3)], attrs: { strides: [0, 1] } },
      "VX-OP-ATTRIBUTE Conv: attribute strides is [0, 1]; expected integers of at least 1.",
    ],
    [
      "Conv",
      { inputs: [f32(1, 3, 8, 8), f32(4, 3, 3, 3)], attrs: { auto_pad: "SAME" } },
      'VX-OP-ATTRIBUTE Conv: attribute auto_pad is "SAME"; expected NOTSET, SAME_UPPER, SAME_LOWER, VALID.',
    ],
    ["Gemm", { inputs: [f32(2, 3, 4), f32(4, 5)] }, "VX-OP-RANK Gemm: A has rank 3; expected rank 2."],
    [
      "Reshape",
      { inputs: [f32(2, 3), i64(2)], elements: { 1: [4, -1] } },
      "VX-OP-RESHAPE Reshape: [2, 3] cannot become [4, -1]; both must have the same number of elements.",
    ],
    ["Reshape", { inputs: [f32(2, 3), i64(1)], elements: { 1: [5] } }, "VX-OP-RESHAPE Reshape: [2, 3] cannot become [5]"],
    [
      "Reshape",
      { inputs: [f32(2), i64(2)], elements: { 1: [-1, -1] } },
      "VX-OP-VALUE Reshape: the target shape is [-1, -1]; expected extents of at least 0 and at most one -1.",
    ],
    [
      "Slice",
      { inputs: [f32(4), i64(1), i64(1), i64(1), i64(1)], elements: { 1: [0], 2: [4], 3: [0], 4: [0] } },
      "VX-OP-VALUE Slice: a step is 0; expected a step other than 0.",
    ],
    [
      "Split",
      { inputs: [f32(4), i64(2)], elements: { 1: [1, 2] }, outputs: 2 },
      "VX-OP-EXTENT Split: the sum of the sizes is 3; expected 4, the extent that is split.",
    ],
    ["Squeeze", { inputs: [f32(2, 3), i64(1)], elements: { 1: [1] } }, "VX-OP-EXTENT Squeeze: extent 1 of the input is 3; expected 1."],
    [
      "Transpose",
      { inputs: [f32(2, 3)], attrs: { perm: [0, 0] } },
      "VX-OP-ATTRIBUTE Transpose: attribute perm is [0, 0]; expected a permutation of the 2 axes of the input.",
    ],
    [
      "Attention",
      { inputs: [f32(1, 2, 8), f32(1, 2, 8), f32(1, 2, 8)], attrs: { q_num_heads: 3, kv_num_heads: 1 } },
      "VX-OP-ATTRIBUTE Attention: attribute q_num_heads is 3; expected a divisor of 8, the hidden size.",
    ],
    [
      "RandomNormal",
      { inputs: [], attrs: { shape: [-1] } },
      "VX-OP-EXTENT RandomNormal: an output extent is -1; expected a count of at least 0.",
    ],
    ["Cast", { inputs: [f32(1)], attrs: { to: 99 } }, "VX-OP-ATTRIBUTE Cast: attribute to is 99; expected the code of an element type"],
  ])("%s %o", (op, call, message) => {
    expect(codeOf(() => infer(op, call))).toContain(message);
  });
});

describe("an evaluation refuses values that the op does not take, and work that is not small", () => {
  test.each<[string, readonly (TensorData | null)[], Attrs, string]>([
    [
      "Gather",
      [tensorOf("f32", [3], [1, 2, 3]), i64Tensor([3])],
      {},
      "VX-OP-INDEX Gather: index 3 is outside an extent of 3; expected [-3, 2].",
    ],
    ["GatherND", [tensorOf("f32", [3], [1, 2, 3]), i64Tensor([-4])], {}, "VX-OP-INDEX"],
    ["ScatterND", [tensorOf("f32", [3], [1, 2, 3]), i64Tensor([7]), tensorOf("f32", [], [1])], {}, "VX-OP-INDEX"],
    ["Div", [i64Tensor([1]), i64Tensor([0])], {}, "VX-OP-DIVIDE-BY-ZERO Div: an integer is divided by 0"],
    ["Mod", [i64Tensor([1]), i64Tensor([0])], {}, "VX-OP-DIVIDE-BY-ZERO"],
    [
      "ConstantOfShape",
      [i64Tensor([2 ** 20, 2 ** 20])],
      {},
      "VX-OP-TOO-LARGE ConstantOfShape: the constant [1048576, 1048576] has more than 2097152 elements",
    ],
    ["Range", [i64Tensor([0], []), i64Tensor([2 ** 50], []), i64Tensor([1], [])], {}, "VX-OP-TOO-LARGE"],
    ["Expand", [tensorOf("f32", [1], [1]), i64Tensor([2 ** 40])], {}, "VX-OP-TOO-LARGE"],
    ["Tile", [tensorOf("u8", [3], [1, 2, 3]), i64Tensor([2 ** 40])], {}, "VX-OP-TOO-LARGE"],
    ["Resize", [tensorOf("f32", [2], [1, 2]), null, tensorOf("f32", [1], [1e30])], {}, "VX-OP-EXTENT"],
    [
      "MatMul",
      [memoryTensor("u32", [2 ** 10, 2 ** 10], new Uint8Array(2 ** 22)), memoryTensor("u32", [2 ** 10, 2 ** 10], new Uint8Array(2 ** 22))],
      {},
      "VX-OP-TOO-MUCH-WORK MatMul: the constant result needs 1073741824 multiply-accumulates",
    ],
    ["MaxPool", [tensorOf("f32", [1, 1, 2], [1, 2])], { kernel_shape: [2 ** 30], pads: [2 ** 30, 2 ** 30] }, "VX-OP-ATTRIBUTE"],
    ["MaxPool", [tensorOf("f32", [1, 1, 2], [1, 2])], { kernel_shape: [2 ** 20], pads: [2 ** 20, 2 ** 20] }, "VX-OP-TOO-MUCH-WORK"],
    ["LRN", [memoryTensor("f32", [1, 2 ** 16], new Uint8Array(2 ** 18))], { size: 2 ** 30 }, "VX-OP-TOO-MUCH-WORK"],
    [
      "Cast",
      [{ dtype: "string", shape: [2], byteLength: 3, bytes: () => new Uint8Array(3) }],
      { to: 1 },
      "VX-OP-DATA string tensor: element 0 of 2 ends beyond its 3 bytes.",
    ],
    [
      "Dropout",
      [tensorOf("f32", [1], [1]), null, tensorOf("bool", [], [1])],
      {},
      "VX-OP-NOT-EVALUATED Dropout: there is no reference evaluation for training.",
    ],
    ["Add", [tensorOf("f32", [1], [1]), null], {}, "VX-OP-ARITY"],
  ])("%s", (op, inputs, attrs, message) => {
    expect(codeOf(() => evaluate(op, inputs, attrs))).toContain(message);
  });

  test("huge integer exponents and shifts end at once", () => {
    expect(codeOf(() => evaluate("Pow", [i64Tensor([3]), i64Tensor([2 ** 52])]))).toBe("no error");
    expect(codeOf(() => evaluate("BitShift", [tensorOf("u64", [1], [1]), tensorOf("u64", [1], [2 ** 60])], { direction: "LEFT" }))).toBe(
      "no error",
    );
  });
});
