import type { Attrs, Dim, DType, InferContext, TensorData, TensorType } from "@vlm-export/ir";
import { i64Tensor, VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { standardOps } from "./registry.js";
import { boolTensor, integersOf, isSmallInteger, tensorOf } from "./small-tensor.js";

const ops = standardOps();

interface Sample {
  readonly op: string;
  readonly inputs: readonly (TensorData | null)[];
  readonly attrs: Attrs;
  readonly outputs: number;
}

/** The extent that is made a symbol. */
const N = 7;

function ramp(shape: readonly number[], dtype: DType = "f32"): TensorData {
  const count = shape.reduce((a, b) => a * b, 1);
  const values = Array.from({ length: count }, (_, i) => (dtype === "f32" ? ((i * 37) % 19) / 8 - 1 : (i * 5) % 11));
  return dtype === "bool"
    ? boolTensor(
        shape,
        values.map((x) => x % 2),
      )
    : tensorOf(dtype, shape, values);
}

const vector = (...values: number[]): TensorData => i64Tensor(values);
const scalar = (value: number): TensorData => i64Tensor([value], []);
const sample = (op: string, inputs: readonly (TensorData | null)[], attrs: Attrs = {}, outputs = 1): Sample => ({
  op,
  inputs,
  attrs,
  outputs,
});

const SAME_SHAPE =
  `Abs Acos Acosh Asin Asinh Atan Atanh Ceil Celu Clip Cos Cosh Elu Erf Exp Floor Gelu HardSigmoid HardSwish Hardmax Identity
  LeakyRelu Log LogSoftmax LpNormalization Mish Neg Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Sqrt
  Swish Tan Tanh ThresholdedRelu vlm::QuickGelu vlm::Quantize IsNaN IsInf Dropout Shape Size NonZero ArgMax ArgMin`.split(/\s+/);
const BROADCAST = "Add Sub Mul Div Pow Mod Equal Greater GreaterOrEqual Less LessOrEqual Max Min Sum Mean PRelu".split(" ");
const LOGIC = "And Or Xor".split(" ");
const BITS = "BitwiseAnd BitwiseOr BitwiseXor BitShift".split(" ");
const REDUCE = "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split(" ").map((name) => `Reduce${name}`);
const POOLS = "MaxPool AveragePool LpPool".split(" ");

const SAMPLES: readonly Sample[] = [
  ...SAME_SHAPE.flatMap((op) => [sample(op, [ramp([2, N])]), sample(op, [ramp([N, 3, 2])])]),
  ...BROADCAST.flatMap((op) => [
    sample(op, [ramp([3, N]), ramp([N])], op === "Mod" ? { fmod: 1 } : {}),
    sample(op, [ramp([2, 1, N]), ramp([3, N].slice(op === "PRelu" ? 1 : 0))], op === "Mod" ? { fmod: 1 } : {}),
  ]),
  ...LOGIC.map((op) => sample(op, [ramp([2, N], "bool"), ramp([1], "bool")])),
  ...BITS.map((op) => sample(op, [ramp([2, N], "u8"), ramp([N], "u8")], op === "BitShift" ? { direction: "LEFT" } : {})),
  sample("Not", [ramp([N], "bool")]),
  sample("BitwiseNot", [ramp([N], "i32")]),
  sample("Where", [ramp([N, 1], "bool"), ramp([3]), ramp([N, 3])]),
  sample("Cast", [ramp([2, N])], { to: 7 }),
  sample("CastLike", [ramp([2, N]), ramp([1], "i8")]),
  ...REDUCE.flatMap((op) => [
    sample(op, [ramp([2, N, 3]), vector(-2)]),
    sample(op, [ramp([2, N, 3]), vector(0, 2)], { keepdims: 0 }),
    sample(op, [ramp([2, N])]),
  ]),
  ...POOLS.flatMap((op) => [
    sample(op, [ramp([1, 2, N, 9])], { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 0, 1, 0] }),
    sample(op, [ramp([1, 2, N])], { kernel_shape: [3], strides: [2], ceil_mode: 1 }),
    sample(op, [ramp([1, 2, N])], { kernel_shape: [3], strides: [2], auto_pad: "SAME_UPPER" }),
  ]),
  sample("MaxPool", [ramp([1, 2, N, 9])], { kernel_shape: [3, 3] }, 2),
  ...["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"].map((op) => sample(op, [ramp([2, 3, N, 5])])),
  sample("CumSum", [ramp([3, N]), scalar(1)]),
  sample("TopK", [ramp([3, N]), vector(2)], {}, 2),
  sample("MatMul", [ramp([2, 1, 3, N]), ramp([5, N, 4])]),
  sample("MatMul", [ramp([N]), ramp([N])]),
  sample("MatMul", [ramp([N, 3]), ramp([3])]),
  sample("MatMulInteger", [ramp([2, N], "u8"), ramp([N, 3], "i8")]),
  sample("Gemm", [ramp([N, 3]), ramp([4, 3]), ramp([4])], { transB: 1 }),
  sample("Gemm", [ramp([3, N]), ramp([3, 4])], { transA: 1, alpha: 0.5 }),
  sample("Einsum", [ramp([2, 3, N]), ramp([2, N, 4])], { equation: "bij,bjk->bik" }),
  sample("Einsum", [ramp([2, N, 3]), ramp([3])], { equation: "...j,j" }),
  sample("Conv", [ramp([1, 4, N, 9]), ramp([6, 2, 3, 2]), ramp([6])], { group: 2, strides: [2, 1], pads: [1, 1, 1, 1] }),
  sample("ConvInteger", [ramp([1, 2, N], "u8"), ramp([3, 2, 3], "u8")]),
  sample("ConvTranspose", [ramp([1, 4, N, 3]), ramp([4, 3, 3, 3]), ramp([6])], {
    group: 2,
    strides: [2, 2],
    pads: [1, 1, 1, 1],
    output_padding: [1, 0],
  }),
  sample("QLinearMatMul", [
    ramp([2, N], "u8"),
    ramp([]),
    ramp([], "u8"),
    ramp([N, 3], "i8"),
    ramp([]),
    ramp([], "i8"),
    ramp([]),
    ramp([], "u8"),
  ]),
  sample("QLinearConv", [
    ramp([1, 2, N], "u8"),
    ramp([]),
    ramp([], "u8"),
    ramp([3, 2, 3], "i8"),
    ramp([]),
    ramp([], "i8"),
    ramp([]),
    ramp([], "u8"),
  ]),
  sample("BatchNormalization", [ramp([2, 3, N]), ...[0, 1, 2].map(() => ramp([3])), tensorOf("f32", [3], [1, 2, 3])]),
  sample("InstanceNormalization", [ramp([2, 3, N]), ramp([3]), ramp([3])]),
  sample("GroupNormalization", [ramp([2, 4, N]), ramp([4]), ramp([4])], { num_groups: 2 }),
  sample("LayerNormalization", [ramp([2, N, 4]), ramp([4]), ramp([4])], {}, 3),
  sample("RMSNormalization", [ramp([2, N, 4]), ramp([4])]),
  sample("LRN", [ramp([2, 5, N])], { size: 3 }),
  sample("MeanVarianceNormalization", [ramp([2, 3, N, 2])]),
  sample("Reshape", [ramp([2, N, 6]), vector(0, 0, 3, -1)]),
  sample("Reshape", [ramp([2, N, 6]), vector(-1, N, 2)]),
  sample("Flatten", [ramp([2, N, 3])], { axis: 2 }),
  sample("Squeeze", [ramp([1, N, 1]), vector(0, 2)]),
  sample("Squeeze", [ramp([1, 2, 1])]),
  sample("Unsqueeze", [ramp([2, N]), vector(0, -1)]),
  sample("Transpose", [ramp([2, N, 3])], { perm: [1, 2, 0] }),
  sample("Transpose", [ramp([2, N])]),
  sample("Concat", [ramp([2, N]), ramp([2, 3])], { axis: 1 }),
  sample("Split", [ramp([2, 14])], { axis: 1, num_outputs: 2 }, 2),
  sample("Split", [ramp([N, 2]), vector(3, 4)], {}, 2),
  sample("Slice", [ramp([9, N]), vector(1, 0), vector(9, 1), vector(0, 1), vector(2, 1)]),
  sample("Slice", [ramp([9, N]), vector(-1), vector(-(2 ** 40)), vector(1), vector(-1)]),
  sample("Slice", [ramp([N, 2]), vector(1), vector(2 ** 40)]),
  sample("Gather", [
    ramp([9, 3]),
    ramp([2, N], "i64").dtype === "i64"
      ? tensorOf(
          "i64",
          [2, N],
          Array.from({ length: 14 }, (_, i) => (i % 18) - 9),
        )
      : null,
  ]),
  sample("Gather", [ramp([2, N]), scalar(-1)], { axis: 1 }),
  sample("GatherElements", [
    ramp([3, 2]),
    tensorOf(
      "i64",
      [N, 2],
      Array.from({ length: 14 }, (_, i) => i % 3),
    ),
  ]),
  sample("GatherND", [ramp([2, 3, N]), tensorOf("i64", [2, 2], [0, 1, -1, 2])]),
  sample("GatherND", [ramp([2, 3, N]), tensorOf("i64", [2, 1], [0, 1])], { batch_dims: 1 }),
  sample("ScatterElements", [ramp([3, N]), tensorOf("i64", [1, 2], [0, 2]), ramp([1, 2])], { reduction: "add" }),
  sample("ScatterND", [ramp([3, N]), tensorOf("i64", [2, 1], [0, 2]), ramp([2, N])]),
  sample("TensorScatter", [ramp([2, 1, 9, 3]), ramp([2, 1, 2, 3]), vector(0, 4)]),
  sample("Expand", [ramp([3, 1]), vector(2, 1, N)]),
  sample("Tile", [ramp([2, N]), vector(2, 3)]),
  ...["constant", "reflect", "edge", "wrap"].map((mode) => sample("Pad", [ramp([3, N]), vector(0, 2, 1, 1)], { mode })),
  sample("Pad", [ramp([3, N]), vector(1, -2), null, vector(1)]),
  sample("Resize", [ramp([1, 2, N, 3]), null, tensorOf("f32", [4], [1, 1, 2, 2])], { mode: "linear" }),
  sample("Resize", [ramp([1, 2, N, 3]), null, null, vector(5, 6)], { mode: "cubic", axes: [2, 3] }),
  sample("Resize", [ramp([1, 2, 4, 3]), null, tensorOf("f32", [4], [1, 1, 0.6, 1.7])]),
  sample("DepthToSpace", [ramp([1, 8, N, 3])], { blocksize: 2, mode: "CRD" }),
  sample("SpaceToDepth", [ramp([1, 2, 14, 4])], { blocksize: 2 }),
  sample("Trilu", [ramp([2, N, 3]), scalar(1)], { upper: 0 }),
  sample("EyeLike", [ramp([N, 3])], { k: 1 }),
  sample("OneHot", [ramp([2, N], "i64"), scalar(5), tensorOf("f32", [2], [0, 1])], { axis: 1 }),
  sample("ConstantOfShape", [vector(2, N)]),
  sample("Constant", [], { value_ints: [1, 2, 3] }),
  sample("Range", [scalar(0), scalar(N), scalar(1)]),
  sample(
    "Range",
    [1, 2, 0.25].map((x) => tensorOf("f32", [], [x])),
  ),
  sample("Compress", [ramp([2, N]), boolTensor([2], [1, 0])], { axis: 0 }),
  sample("ReverseSequence", [ramp([N, 2]), vector(3, 7)]),
  sample("CenterCropPad", [ramp([9, N]), vector(4, N)]),
  sample("QuantizeLinear", [ramp([3, N]), tensorOf("f32", [3], [0.1, 0.2, 0.3]), ramp([3], "i8")], { axis: 0 }),
  sample("DequantizeLinear", [ramp([3, N], "i4"), tensorOf("f32", [3, 2], [1, 2, 3, 4, 5, 6])], { axis: 1, block_size: 4 }),
  sample("DynamicQuantizeLinear", [ramp([3, N])], {}, 3),
  sample("RotaryEmbedding", [ramp([1, 2, N, 4]), ramp([1, N, 2]), ramp([1, N, 2])]),
  sample("RotaryEmbedding", [ramp([1, N, 8]), ramp([9, 2]), ramp([9, 2]), tensorOf("i64", [1, N], [0, 1, 2, 3, 4, 5, 6])], {
    num_heads: 2,
  }),
  sample("Attention", [ramp([1, 4, 3, 8]), ramp([1, 2, N, 8]), ramp([1, 2, N, 6])], { is_causal: 1 }, 4),
  sample(
    "Attention",
    [ramp([1, 3, 8]), ramp([1, N, 4]), ramp([1, N, 4]), null, ramp([1, 1, 2, 4]), ramp([1, 1, 2, 4])],
    { q_num_heads: 2, kv_num_heads: 1 },
    3,
  ),
  sample("GridSample", [ramp([1, 2, 4, 5]), ramp([1, N, 3, 2])]),
  sample("NonMaxSuppression", [ramp([1, N, 4]), ramp([1, 2, N])]),
  sample("RoiAlign", [ramp([1, 3, 5, 5]), ramp([N, 4]), ramp([N], "i64")]),
  sample("DeformConv", [ramp([1, 2, N, 5]), ramp([3, 2, 3, 3]), ramp([1, 18, 5, 3])]),
  sample("Unique", [ramp([2, N])], { axis: 0 }, 4),
  sample("AffineGrid", [ramp([2, 2, 3]), vector(2, 3, N, 4)]),
  sample("RNN", [ramp([N, 2, 3]), ramp([1, 4, 3]), ramp([1, 4, 4])], { hidden_size: 4 }, 2),
  sample("GRU", [ramp([N, 2, 3]), ramp([2, 12, 3]), ramp([2, 12, 4])], { hidden_size: 4, direction: "bidirectional" }, 2),
  sample("LSTM", [ramp([2, N, 3]), ramp([1, 16, 3]), ramp([1, 16, 4])], { layout: 1 }, 3),
  ...["RandomNormalLike", "RandomUniformLike", "Bernoulli"].map((op) => sample(op, [ramp([2, N])])),
  ...["RandomNormal", "RandomUniform"].map((op) => sample(op, [], { shape: [2, 3] })),
  sample("Multinomial", [ramp([N, 3])], { sample_size: 4 }),
];

const typeOf = (data: TensorData | null): TensorType | null => data && { dtype: data.dtype, shape: data.shape };

function contextOf({ inputs, attrs, outputs }: Sample, changes: Partial<InferContext> = {}): InferContext {
  let symbols = 0;
  return {
    attrs,
    outputCount: outputs,
    constant: (index) => inputs[index] ?? undefined,
    elements: (index) => {
      const data = inputs[index];
      return data && isSmallInteger(data, 1024) ? integersOf(data) : undefined;
    },
    freshDim: () => `?${symbols++}`,
    ...changes,
  };
}

const label = (s: Sample): string =>
  `${s.op} of ${s.inputs.map((data) => (data ? `[${data.shape}]` : "-")).join(" ")} ${JSON.stringify(s.attrs)}`;

test("every registered op has a sample here", () => {
  expect([...ops.all.keys()].filter((op) => !SAMPLES.some((each) => each.op === op))).toEqual([]);
});

test.each(SAMPLES.map((s) => [label(s), s] as const))("%s: the shape rule and the evaluation agree", (_, s) => {
  const def = ops.get(s.op);
  const types = def?.infer(s.inputs.map(typeOf), contextOf(s)) ?? [];
  const results = def?.evaluate?.(s.inputs, s.attrs, s.outputs) ?? [];
  results.slice(0, s.outputs).forEach((result, i) => {
    expect(result.dtype).toBe(types[i]?.dtype);
    const known = types[i]?.shape?.map((extent, axis) => (typeof extent === "number" ? extent : result.shape[axis]));
    expect(result.shape).toEqual(known);
  });
});

test.each(SAMPLES.map((s) => [label(s), s] as const))("%s: with extent 7 a symbol, the rule gives the same shape for 7", (_, s) => {
  const def = ops.get(s.op);
  const fixed = def?.infer(s.inputs.map(typeOf), contextOf(s)) ?? [];
  const symbolic = (extent: Dim): Dim => (extent === N ? "n" : extent);
  const types = s.inputs.map((data) => data && { dtype: data.dtype, shape: data.shape.map(symbolic) });
  const elements = (index: number): readonly Dim[] | undefined => contextOf(s).elements(index)?.map(symbolic);
  const loose = def?.infer(types, contextOf(s, { elements })) ?? [];
  loose.forEach((type, i) => {
    type.shape?.forEach((extent, axis) => {
      if (typeof extent === "string" && extent.includes("?")) return;
      const value =
        typeof extent === "number" ? extent : (new Function("n", `return ${extent.replaceAll("floor", "Math.floor")}`)(N) as number);
      const expected = fixed[i]?.shape?.[axis];
      if (typeof expected === "number") expect([i, axis, value]).toEqual([i, axis, expected]);
    });
  });
});

test.each(SAMPLES.map((s) => [label(s), s] as const))("%s: unknown operands give unknown results, never an error", (_, s) => {
  const def = ops.get(s.op);
  const nothing = { constant: () => undefined, elements: () => undefined };
  const ranks = s.inputs.map((data) => data && { dtype: data.dtype, shape: data.shape.map((__, axis) => `?${axis}`) });
  const unknown = s.inputs.map((data): TensorType | null => data && { dtype: "unknown", shape: undefined });
  expect(() => def?.infer(ranks, contextOf(s, nothing))).not.toThrow();
  expect(() => def?.infer(unknown, contextOf(s, nothing))).not.toThrow();
  expect(() => def?.elements?.(unknown, contextOf(s, nothing))).not.toThrow();
  expect(() => def?.macs?.(unknown, s.attrs)).not.toThrow();
  expect(() => s.inputs.forEach((__, i) => def?.weightAxes?.(i, unknown, s.attrs))).not.toThrow();
});

const HOSTILE = [-(2 ** 62), -(2 ** 31), -7, -1, 0, 1, 2, 3, 7, 64, 1000, 2 ** 31, 2 ** 53, 2 ** 62];

/** Small linear congruential generator: the mutants are the same in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

function mutateData(data: TensorData | null, pick: (below: number) => number): TensorData | null {
  if (!data || pick(12) === 0) return null;
  const shape = data.shape.map((extent) => (pick(4) === 0 ? pick(9) : extent));
  const final = pick(6) === 0 ? shape.slice(1) : pick(6) === 0 ? [...shape, pick(4)] : shape;
  const count = final.reduce((a, b) => a * b, 1);
  const hostile = data.dtype === "i64" && pick(2) === 0;
  const source = integersOf(data);
  return tensorOf(
    data.dtype,
    final,
    Array.from({ length: count }, (_, i) =>
      hostile ? (HOSTILE[pick(HOSTILE.length)] as number) : (source[i % Math.max(source.length, 1)] ?? 1),
    ),
  );
}

function mutateAttrs(attrs: Attrs, pick: (below: number) => number): Attrs {
  const number = (): number => HOSTILE[pick(HOSTILE.length)] as number;
  const changed = Object.entries(attrs).map(([name, value]): [string, Attrs[string]] => {
    if (pick(3) > 0) return [name, value];
    if (typeof value === "number") return [name, pick(9) === 0 ? "text" : number()];
    if (Array.isArray(value)) return [name, Array.from({ length: pick(6) }, number)];
    return [name, pick(2) === 0 ? "nonsense" : number()];
  });
  return Object.fromEntries(changed);
}

test.each([...ops.all.keys()].map((op, i) => [op, i] as const))(
  "%s: whatever the operands and attributes, an error is a coded one",
  (op, seed) => {
    const pick = generator(seed + 1);
    const def = ops.get(op);
    const samples = SAMPLES.filter((each) => each.op === op);
    for (let round = 0; round < 80; round += 1) {
      const base = samples[round % samples.length] as Sample;
      const mutant: Sample = {
        op,
        inputs: base.inputs.map((data) => mutateData(data, pick)),
        attrs: mutateAttrs(base.attrs, pick),
        outputs: pick(5) === 0 ? pick(4) : base.outputs,
      };
      try {
        def?.infer(mutant.inputs.map(typeOf), contextOf(mutant));
        def?.elements?.(mutant.inputs.map(typeOf), contextOf(mutant));
        def?.evaluate?.(mutant.inputs, mutant.attrs, mutant.outputs);
      } catch (error) {
        if (!(error instanceof VxError)) throw new Error(label(mutant), { cause: error });
      }
    }
  },
);
