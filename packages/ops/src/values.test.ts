import type { Attrs, TensorData } from "@vlm-export/ir";
import { i64Tensor } from "@vlm-export/ir";
import { describe, expect, test } from "vitest";
import { standardOps } from "./registry.js";
import { bigintsOf, boolTensor, numbersOf, tensorOf } from "./small-tensor.js";

const ops = standardOps();
const f32 = (shape: readonly number[], ...values: number[]): TensorData => tensorOf("f32", shape, values);
const vec = (...values: number[]): TensorData => f32([values.length], ...values);

function run(op: string, inputs: readonly (TensorData | null)[], attrs: Attrs = {}, outputs = 1): readonly (readonly number[])[] {
  return (ops.get(op)?.evaluate?.(inputs, attrs, outputs) ?? []).slice(0, outputs).map((data) => Array.from(numbersOf(data), (x) => x + 0));
}

function near(actual: readonly number[] | undefined, expected: readonly number[]): void {
  expect(actual?.length).toBe(expected.length);
  expected.forEach((value, i) => expect(actual?.[i]).toBeCloseTo(value, 6));
}

describe("element by element", () => {
  test.each<[string, number, number, Attrs?]>([
    ["Erf", 0.5, 0.5204998778],
    ["Erf", -3, -0.9999779095],
    ["Erf", 5, 1],
    ["Gelu", 1, 0.8413447461],
    ["Gelu", 1, 0.8411919906, { approximate: "tanh" }],
    ["vlm::QuickGelu", 1, 0.8457957659],
    ["Sigmoid", -100, 0],
    ["Softplus", 100, 100],
    ["Mish", 1, 0.8650983883],
    ["HardSwish", 1, 0.6666666667],
    ["HardSigmoid", 1, 0.7],
    ["Elu", -1, -0.6321205588],
    ["Selu", -1, -1.1113307378],
    ["Celu", -1, -0.7869386806, { alpha: 2 }],
    ["LeakyRelu", -2, -0.02],
    ["ThresholdedRelu", 0.5, 0],
    ["Swish", 1, 0.7310585786],
    ["Shrink", -2, -2],
    ["Softsign", -3, -0.75],
    ["Round", 2.5, 2],
    ["Reciprocal", 4, 0.25],
  ])("%s(%f) = %f", (op, x, y, attrs) => near(run(op, [vec(x)], attrs)[0], [y]));

  test("64-bit integers are exact and wrap", () => {
    const big = 2n ** 62n;
    const data = (x: bigint): TensorData => ({ ...i64Tensor([0]), bytes: () => new Uint8Array(BigInt64Array.of(x).buffer) });
    const [sum] = ops.get("Add")?.evaluate?.([data(big), data(1n)], {}, 1) ?? [];
    expect(sum && bigintsOf(sum)[0]).toBe(big + 1n);
    const [product] = ops.get("Mul")?.evaluate?.([data(big), data(2n)], {}, 1) ?? [];
    expect(product && bigintsOf(product)[0]).toBe(-(2n ** 63n));
  });

  test("integer division drops the fraction; Mod follows the divisor's sign unless fmod", () => {
    expect(run("Div", [i64Tensor([-7]), i64Tensor([2])])[0]).toEqual([-3]);
    expect(run("Mod", [i64Tensor([-7]), i64Tensor([3])])[0]).toEqual([2]);
    expect(run("Mod", [i64Tensor([-7]), i64Tensor([3])], { fmod: 1 })[0]).toEqual([-1]);
  });

  test("Cast truncates, compares with 0 for bool, saturates 8-bit floats", () => {
    expect(run("Cast", [vec(-1.7, 2.7)], { to: 7 })[0]).toEqual([-1, 2]);
    expect(run("Cast", [vec(0, 0.1, -3)], { to: 9 })[0]).toEqual([0, 1, 1]);
    expect(run("Cast", [vec(1000)], { to: 17 })[0]).toEqual([448]);
    expect(run("Cast", [vec(1000)], { to: 17, saturate: 0 })[0]).toEqual([Number.NaN]);
    expect(run("Cast", [i64Tensor([300])], { to: 3 })[0]).toEqual([44]);
  });

  test("half floats round to nearest, ties to even", () => {
    expect(run("Add", [tensorOf("f16", [1], [2048]), tensorOf("f16", [1], [1])])[0]).toEqual([2048]);
    expect(run("Add", [tensorOf("bf16", [1], [256]), tensorOf("bf16", [1], [3])])[0]).toEqual([260]);
  });

  test("Where, Clip and comparisons", () => {
    expect(run("Where", [boolTensor([2], [1, 0]), vec(1, 2), vec(9)])[0]).toEqual([1, 9]);
    expect(run("Clip", [vec(-5, 0.5, 5), f32([], -1), f32([], 1)])[0]).toEqual([-1, 0.5, 1]);
    expect(run("Clip", [vec(-5, 5), null, f32([], 1)])[0]).toEqual([-5, 1]);
    expect(run("GreaterOrEqual", [vec(1, 2), vec(2)])[0]).toEqual([0, 1]);
  });
});

describe("moving elements", () => {
  const m = f32([2, 3], 1, 2, 3, 4, 5, 6);
  test("Transpose, Concat, Split, Slice, Gather", () => {
    expect(run("Transpose", [m])[0]).toEqual([1, 4, 2, 5, 3, 6]);
    expect(run("Concat", [m, f32([2, 1], 7, 8)], { axis: 1 })[0]).toEqual([1, 2, 3, 7, 4, 5, 6, 8]);
    expect(run("Split", [m, i64Tensor([1, 2])], { axis: 1 }, 2)).toEqual([
      [1, 4],
      [2, 3, 5, 6],
    ]);
    expect(run("Slice", [m, i64Tensor([-1]), i64Tensor([-10]), i64Tensor([1]), i64Tensor([-2])])[0]).toEqual([3, 1, 6, 4]);
    expect(run("Gather", [m, i64Tensor([-1, 0])], { axis: 1 })[0]).toEqual([3, 1, 6, 4]);
  });

  test("Expand, Tile, Pad, Trilu, DepthToSpace", () => {
    expect(run("Expand", [f32([2, 1], 1, 2), i64Tensor([2, 2])])[0]).toEqual([1, 1, 2, 2]);
    expect(run("Tile", [vec(1, 2), i64Tensor([2])])[0]).toEqual([1, 2, 1, 2]);
    expect(run("Pad", [vec(1, 2, 3), i64Tensor([1, 2]), f32([], 9)])[0]).toEqual([9, 1, 2, 3, 9, 9]);
    expect(run("Pad", [vec(1, 2, 3), i64Tensor([2, 2])], { mode: "reflect" })[0]).toEqual([3, 2, 1, 2, 3, 2, 1]);
    expect(run("Pad", [vec(1, 2, 3), i64Tensor([2, 2])], { mode: "edge" })[0]).toEqual([1, 1, 1, 2, 3, 3, 3]);
    expect(run("Pad", [vec(1, 2, 3), i64Tensor([2, 2])], { mode: "wrap" })[0]).toEqual([2, 3, 1, 2, 3, 1, 2]);
    expect(run("Pad", [vec(1, 2, 3), i64Tensor([-1, 0])])[0]).toEqual([2, 3]);
    expect(run("Trilu", [m, i64Tensor([1], [])])[0]).toEqual([0, 2, 3, 0, 0, 6]);
    expect(run("DepthToSpace", [f32([1, 4, 1, 2], 1, 2, 3, 4, 5, 6, 7, 8)], { blocksize: 2 })[0]).toEqual([1, 3, 2, 4, 5, 7, 6, 8]);
  });

  test("SpaceToDepth undoes DepthToSpace", () => {
    const x = f32([1, 8, 2, 1], ...Array.from({ length: 16 }, (_, i) => i));
    const [wide] = ops.get("DepthToSpace")?.evaluate?.([x], { blocksize: 2 }, 1) ?? [];
    expect(run("SpaceToDepth", [wide as TensorData], { blocksize: 2 })[0]).toEqual(Array.from({ length: 16 }, (_, i) => i));
  });

  test("scatter and gather by index", () => {
    expect(run("ScatterElements", [vec(1, 2, 3), i64Tensor([1, 1]), vec(5, 7)], { reduction: "add" })[0]).toEqual([1, 14, 3]);
    expect(run("ScatterElements", [vec(1, 2, 3), i64Tensor([1, 1]), vec(5, 7)])[0]).toEqual([1, 7, 3]);
    expect(run("ScatterND", [m, i64Tensor([-1], [1, 1]), f32([1, 3], 7, 8, 9)])[0]).toEqual([1, 2, 3, 7, 8, 9]);
    expect(run("GatherND", [m, i64Tensor([0, 2, 1, 0], [2, 2])])[0]).toEqual([3, 4]);
    expect(run("GatherElements", [m, i64Tensor([2, 0], [2, 1])], { axis: 1 })[0]).toEqual([3, 4]);
    expect(run("TensorScatter", [f32([1, 3, 1], 1, 2, 3), f32([1, 2, 1], 8, 9), i64Tensor([2])], { mode: "circular" })[0]).toEqual([
      9, 2, 8,
    ]);
    expect(run("NonZero", [f32([2, 2], 0, 1, 2, 0)])[0]).toEqual([0, 1, 1, 0]);
    expect(run("OneHot", [i64Tensor([-1, 3]), i64Tensor([3], []), vec(0, 1)])[0]).toEqual([0, 0, 1, 0, 0, 0]);
    expect(
      run(
        "Range",
        [vec(0), vec(1), vec(0.4)].map((x) => ({ ...x, shape: [] })),
      )[0]?.length,
    ).toBe(3);
  });
});

describe("rows and reductions", () => {
  test("Softmax does not overflow; LogSoftmax is its logarithm; Hardmax takes the first", () => {
    near(run("Softmax", [vec(1000, 1000)])[0], [0.5, 0.5]);
    near(run("LogSoftmax", [vec(0, 0)])[0], [-Math.LN2, -Math.LN2]);
    expect(run("Hardmax", [vec(1, 3, 3)])[0]).toEqual([0, 1, 0]);
  });

  test("reductions over axes, over all, over none", () => {
    const m = f32([2, 3], 1, 2, 3, 4, 5, 6);
    expect(run("ReduceSum", [m, i64Tensor([0])])[0]).toEqual([5, 7, 9]);
    expect(run("ReduceMean", [m])[0]).toEqual([3.5]);
    expect(run("ReduceMax", [m, i64Tensor([], [0])], { noop_with_empty_axes: 1 })[0]).toEqual([1, 2, 3, 4, 5, 6]);
    near(run("ReduceLogSumExp", [vec(1000, 1000)])[0], [Math.fround(1000 + Math.LN2)]);
    expect(run("ReduceMean", [i64Tensor([1, 2])])[0]).toEqual([1]);
    expect(run("ReduceSum", [f32([0, 2]), i64Tensor([0])])[0]).toEqual([0, 0]);
  });

  test("ArgMax, TopK, CumSum", () => {
    expect(run("ArgMax", [vec(1, 3, 3)])[0]).toEqual([1]);
    expect(run("ArgMax", [vec(1, 3, 3)], { select_last_index: 1 })[0]).toEqual([2]);
    expect(run("TopK", [vec(2, 5, 5, 1), i64Tensor([3])], {}, 2)).toEqual([
      [5, 5, 2],
      [1, 2, 0],
    ]);
    expect(run("TopK", [vec(2, 5, 1), i64Tensor([2])], { largest: 0 }, 2)).toEqual([
      [1, 2],
      [2, 0],
    ]);
    expect(run("CumSum", [vec(1, 2, 3), i64Tensor([0], [])], { exclusive: 1, reverse: 1 })[0]).toEqual([5, 3, 0]);
  });
});

describe("sums of products", () => {
  test("MatMul, Gemm and Einsum agree", () => {
    const [a, b] = [f32([2, 2], 1, 2, 3, 4), f32([2, 2], 5, 6, 7, 8)];
    const product = [19, 22, 43, 50];
    expect(run("MatMul", [a, b])[0]).toEqual(product);
    expect(run("Gemm", [a, b])[0]).toEqual(product);
    expect(run("Einsum", [a, b], { equation: "ij,jk" })[0]).toEqual(product);
    expect(run("Einsum", [a], { equation: "ii->" })[0]).toEqual([5]);
    expect(run("Gemm", [a, b, vec(1, 2)], { transB: 1, beta: 2 })[0]).toEqual([19, 27, 41, 57]);
  });

  test("Einsum holds no product while it sums them", () => {
    const [a, b] = [2 ** 12, 2 ** 13].map((count) => f32([count], ...Array.from({ length: count }, () => 1))) as [TensorData, TensorData];
    const before = process.resourceUsage().maxRSS;
    expect(run("Einsum", [a, b], { equation: "i,j->" })[0]).toEqual([2 ** 25]);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 << 10); // KiB; the products alone are 256 MiB
  });

  test("Einsum goes through batches, diagonals and labels in any order", () => {
    const [a, b] = [
      f32([2, 2, 3], ...Array.from({ length: 12 }, (_, i) => i)),
      f32([2, 3, 2], ...Array.from({ length: 12 }, (_, i) => 1 - i)),
    ];
    const product = run("MatMul", [a, b])[0];
    expect(run("Einsum", [a, b], { equation: "bij,bjk->bik" })[0]).toEqual(product);
    expect(run("Einsum", [a], { equation: "iij->ji" })[0]).toEqual([0, 9, 1, 10, 2, 11]);
    expect(run("Einsum", [a, b], { equation: "bij,cji->" })[0]).toEqual([-644]);
  });

  test("convolutions and pools", () => {
    const x = f32([1, 1, 4], 1, 2, 3, 4);
    expect(run("Conv", [x, f32([1, 1, 2], 1, 10)], { pads: [1, 0] })[0]).toEqual([10, 21, 32, 43]);
    expect(run("Conv", [x, f32([1, 1, 3], 1, 1, 1)], { auto_pad: "SAME_LOWER", strides: [2] })[0]).toEqual([3, 9]);
    expect(run("ConvTranspose", [f32([1, 1, 2], 1, 2), f32([1, 1, 2], 1, 10)], { strides: [2] })[0]).toEqual([1, 10, 2, 20]);
    expect(run("MaxPool", [x], { kernel_shape: [2], strides: [2] }, 2)).toEqual([
      [2, 4],
      [1, 3],
    ]);
    expect(run("AveragePool", [x], { kernel_shape: [3], pads: [1, 1], count_include_pad: 1 })[0]).toEqual([1, 2, 3, Math.fround(7 / 3)]);
    expect(run("AveragePool", [x], { kernel_shape: [3], strides: [2], ceil_mode: 1 })[0]).toEqual([2, 3.5]);
    const wide = { kernel_shape: [9], strides: [9], ceil_mode: 1 };
    expect(run("AveragePool", [x], { ...wide, count_include_pad: 1 })[0]).toEqual([2.5]);
    expect(run("MaxPool", [x], wide)[0]).toEqual([4]);
  });

  test("attention attends to what the masks leave", () => {
    const [q, k, v] = [f32([1, 1, 2, 1], 1, 1), f32([1, 1, 2, 1], 0, 0), f32([1, 1, 2, 1], 2, 4)];
    expect(run("Attention", [q, k, v])[0]).toEqual([3, 3]);
    expect(run("Attention", [q, k, v], { is_causal: 1 })[0]).toEqual([2, 3]);
    expect(run("Attention", [q, k, v, boolTensor([2, 2], [0, 0, 0, 1])])[0]).toEqual([0, 4]);
  });
});

describe("normalizations", () => {
  test("LayerNormalization and RMSNormalization", () => {
    const [y, mean, inverse] = run("LayerNormalization", [vec(1, 3), vec(2, 2), vec(1, 1)], { epsilon: 0 }, 3);
    near(y, [-1, 3]);
    expect([mean, inverse]).toEqual([[2], [1]]);
    near(run("RMSNormalization", [vec(3, 4), vec(1, 1)], { epsilon: 0 })[0], [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)]);
  });

  test("BatchNormalization uses the given statistics", () => {
    near(run("BatchNormalization", [f32([1, 2], 1, 2), vec(2, 2), vec(1, 1), vec(1, 1), vec(4, 4)], { epsilon: 0 })[0], [1, 2]);
  });

  test("BatchNormalization in training mode uses those of the input, over all axes but that of the channels, and mixes them in", () => {
    const x = f32([2, 2, 2], 1, 3, 0, 0, 5, 7, 4, 4);
    const training = { epsilon: 0, training_mode: 1, momentum: 0.75 };
    const [y, mean, variance] = run("BatchNormalization", [x, vec(Math.sqrt(5), 2), vec(0, 1), vec(8, 2), vec(1, 8)], training, 3);
    near(y, [-3, -1, -1, -1, 1, 3, 3, 3]);
    near(mean, [7, 2]);
    near(variance, [2, 7]);
  });
});

describe("quantized operators of source models", () => {
  test("QuantizeLinear rounds half to even and clamps; DequantizeLinear undoes it", () => {
    const scale = f32([], 2);
    expect(run("QuantizeLinear", [vec(1, 3, 5, -3, 1000), scale, tensorOf("i8", [], [1])])[0]).toEqual([1, 3, 3, -1, 127]);
    expect(run("DequantizeLinear", [tensorOf("i4", [2], [-8, 7]), scale])[0]).toEqual([-16, 14]);
    expect(run("DynamicQuantizeLinear", [vec(-1, 0, 1.55)], {}, 3)[0]).toEqual([0, 100, 255]);
  });

  test("blocks share a scale along the axis", () => {
    const data = tensorOf("u4", [1, 4], [1, 1, 1, 1]);
    expect(run("DequantizeLinear", [data, f32([1, 2], 1, 3)], { axis: 1, block_size: 2 })[0]).toEqual([1, 1, 3, 3]);
  });
});

describe("resampling", () => {
  const x = f32([1, 1, 1, 4], 1, 2, 3, 4);
  const sizes = i64Tensor([1, 1, 1, 2]);
  test("Resize: nearest, linear, cubic", () => {
    expect(run("Resize", [x, null, null, sizes])[0]).toEqual([1, 3]);
    expect(run("Resize", [x, null, null, sizes], { mode: "linear" })[0]).toEqual([1.5, 3.5]);
    expect(run("Resize", [x, null, null, sizes], { mode: "linear", coordinate_transformation_mode: "align_corners" })[0]).toEqual([1, 4]);
    near(run("Resize", [x, null, null, sizes], { mode: "linear", antialias: 1 })[0], [1.625, 3.375]);
    near(run("Resize", [x, null, null, sizes], { mode: "cubic" })[0], [1.40625, 3.59375]);
  });

  test("GridSample at the corners and outside", () => {
    const image = f32([1, 1, 2, 2], 1, 2, 3, 4);
    const grid = f32([1, 1, 3, 2], -1, -1, 0, 0, 9, 9);
    expect(run("GridSample", [image, grid], { align_corners: 1 })[0]).toEqual([1, 2.5, 0]);
    expect(run("GridSample", [image, grid], { align_corners: 1, padding_mode: "border" })[0]).toEqual([1, 2.5, 4]);
  });
});
