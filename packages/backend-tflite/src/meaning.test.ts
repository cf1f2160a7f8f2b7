import { scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { f32Tensor, i64Tensor, memoryTensor, type Node, type TensorData, type Value } from "@vlm-export/ir";
import { f16ToNumber, type IntegerType, numberToF16, pack } from "@vlm-export/numerics";
import { beforeAll, expect, test } from "vitest";
import { built } from "./artifact.fixture.js";
import backend from "./index.js";
import { expectMeaning, floats } from "./meaning.fixture.js";
import { blocked, random, randoms, Sketch } from "./sketch.fixture.js";

beforeAll(async () => {
  expect(await backend.probe!((await built(new Sketch().model())).context), "the engine is not installed").toEqual([]);
});

test("patch embedding, attention and an MLP mean on the engine what the graph means", async () => {
  const s = new Sketch();
  const image = s.input("image", [1, 3, 8, 8], 0.02);
  const patches = s.weight([16, 3, 4, 4], "i8", 0);
  const conv = s.integers(s.node("Conv", [image, patches, s.bias(image, patches, 16)], { strides: [4, 4] }), 0.02);
  const tokens = s.node("Transpose", [s.node("Reshape", [conv, s.indices(1, 16, 4)])], { perm: [0, 2, 1] });
  const same = (value: Value, like: Value) => {
    s.edit.retype(value, {
      ...value.type,
      quant: { ...like.type.quant!, scale: reshapedScale(like, value), zeroPoint: reshapedPoint(like, value) },
    });
    return value;
  };
  for (const value of [tokens.producer!.inputs[0]!, tokens]) same(value, conv);
  const linear = (x: Value, columns: number, storage: IntegerType = "i8") => {
    const w = s.weight([Number(x.type.shape!.at(-1)), columns], storage, 1);
    return s.integers(s.node("Add", [s.node("MatMul", [x, w]), s.bias(x, w, columns)]), 0.02);
  };
  const heads = (x: Value) =>
    same(s.node("Transpose", [same(s.node("Reshape", [x, s.indices(1, 4, 2, 8)]), x)], { perm: [0, 2, 1, 3] }), x);
  const [q, k, v] = [linear(tokens, 16), linear(tokens, 16, "u8"), linear(tokens, 16, "i4")].map(heads) as [Value, Value, Value];
  const keys = same(s.node("Transpose", [k], { perm: [0, 1, 3, 2] }), k);
  const scores = s.integers(s.node("MatMul", [q, keys]), 0.03);
  const weights = s.integers(s.node("Softmax", [scores], { axis: -1 }), 1 / 256, -128);
  const mixed = s.integers(s.node("MatMul", [weights, v]), 0.01);
  const joined = same(s.node("Reshape", [same(s.node("Transpose", [mixed], { perm: [0, 2, 1, 3] }), mixed), s.indices(1, 4, 16)]), mixed);
  const sum = s.integers(s.node("Add", [joined, tokens]), 0.03);
  const norm = s.integers(s.node("LayerNormalization", [sum, s.float([16]), s.float([16])], { axis: -1 }), 0.02);
  const gelu = s.integers(s.node("vlm::QuickGelu", [linear(norm, 24)]), 0.02);
  const logits = linear(gelu, 5);
  await expectMeaning(s.model(conv, scores, weights, mixed, sum, norm, gelu, logits), 2);
});

function reshapedScale(like: Value, value: Value): TensorData {
  return f32Tensor(
    scaleValues(like.type.quant!),
    value.type.shape!.map(() => 1),
  );
}

function reshapedPoint(like: Value, value: Value): TensorData {
  const { storage } = like.type.quant!;
  return memoryTensor(
    storage,
    value.type.shape!.map(() => 1),
    pack(zeroPointValues(like.type.quant!), storage as IntegerType),
  );
}

test("convolutions, pools and resizes mean on the engine what the graph means", async () => {
  const s = new Sketch();
  const image = s.input("image", [1, 4, 9, 9], 0.02);
  const conv = (w: Value, attrs: Node["attrs"], group = 1) =>
    s.node("Conv", [image, w, s.bias(image, w, Number(w.type.shape![0]))], { ...attrs, group });
  const same = s.integers(s.node("Relu", [conv(s.weight([8, 4, 3, 3], "i8", 0), { pads: [1, 1, 1, 1] })]), 0.02, -128);
  const odd = s.integers(conv(s.weight([8, 4, 3, 3], "i8"), { pads: [2, 0, 1, 1], strides: [2, 2] }), 0.02);
  const depthwise = s.integers(conv(s.weight([8, 1, 3, 3], "i8", 0), { dilations: [2, 2] }, 4), 0.02);
  const real = s.node("Conv", [image, s.weight([2, 4, 1, 1], "i8", 0), s.float([2])]);
  const bare = s.integers(s.node("Conv", [image, s.weight([2, 4, 1, 1], "i8", 0)]), 0.02);
  const bareReal = s.node("Conv", [image, s.weight([2, 4, 1, 1])]);
  const pooled = s.integers(s.node("MaxPool", [same], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }), 0.02, -128);
  const mean = s.node("AveragePool", [same], { kernel_shape: [3, 3], strides: [3, 3] });
  const counting = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 };
  const countedMean = s.node("AveragePool", [same], counting);
  const overEnd = { kernel_shape: [40, 40], strides: [40, 40], ceil_mode: 1 };
  const wideMean = s.node("AveragePool", [same], { ...overEnd, count_include_pad: 1 });
  const wideMax = s.node("MaxPool", [odd], overEnd);
  const nearest = s.integers(
    s.node("Resize", [odd, null, s.edit.addConstant("scales", f32Tensor([1, 1, 2, 2], [4]))], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    }),
    0.03,
  );
  const linear = s.node("Resize", [odd, null, s.edit.addConstant("scales2", f32Tensor([1, 1, 2, 2], [4]))], { mode: "linear" });
  const crd = s.integers(s.node("DepthToSpace", [odd], { blocksize: 2, mode: "CRD" }), 0.02);
  const dcr = s.node("DepthToSpace", [odd], { blocksize: 2, mode: "DCR" });
  const global = s.integers(s.node("GlobalAveragePool", [same]), 0.01);
  const flat = s.node("Flatten", [same], { axis: 1 });
  const shuffled = s.node("Reshape", [
    s.node("Transpose", [s.node("Reshape", [same, s.indices(1, 2, 4, 9, 9)])], { perm: [0, 2, 1, 3, 4] }),
    s.indices(1, 8, 9, 9),
  ]);
  const normal = s.integers(
    s.node("BatchNormalization", [image, ...[0, 1, 2].map(() => s.float([4])), s.float([4], f32Tensor([1, 2, 3, 4], [4]))]),
    0.02,
  );
  const joined = s.integers(s.node("Concat", [same, conv(s.weight([3, 4, 3, 3]), { pads: [1, 1, 1, 1] })], { axis: 1 }), 0.03);
  await expectMeaning(
    s.model(
      same,
      odd,
      depthwise,
      real,
      bare,
      bareReal,
      pooled,
      mean,
      countedMean,
      wideMean,
      wideMax,
      nearest,
      linear,
      crd,
      dcr,
      global,
      flat,
      shuffled,
      normal,
      joined,
    ),
  );
});

test("every function has its meaning on integers, with conversions, and on real numbers", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 3, 4], 0.02);
  const y = s.input("y", [3, 1], 0.015);
  const real = s.input("real", [2, 3, 4]);
  const outputs: Value[] = [];
  const add = (op: string, inputs: readonly (Value | null)[], attrs: Node["attrs"] = {}) => {
    const value = s.node(op, inputs, attrs);
    outputs.push(value);
    return value;
  };
  const unary = ["Relu", "Elu", "Gelu", "HardSwish", "LeakyRelu", "Abs", "Exp", "Neg", "Floor", "vlm::QuickGelu", "HardSigmoid", "Swish"];
  for (const op of unary) {
    s.integers(add(op, [x]), 0.02);
    add(op, [real]);
  }
  s.integers(add("Elu", [x], { alpha: 0.5 }), 0.02);
  for (const op of ["Add", "Sub", "Mul"]) {
    s.integers(add(op, [x, y]), 0.04);
    s.integers(add(op, [x, s.float([4])]), 0.04);
    add(op, [real, y]);
  }
  for (const op of ["Max", "Min", "Div"]) add(op, [x, s.float([4], f32Tensor([1, 2, -3, 4], [4]))]);
  s.integers(add("Sigmoid", [x]), 1 / 256, -128);
  s.integers(add("Sigmoid", [x]), 0.01);
  s.integers(add("Tanh", [x]), 1 / 128, 0);
  s.integers(add("Softmax", [x], { axis: 1 }), 1 / 256, -128);
  add("LogSoftmax", [x], { axis: 2 });
  s.integers(add("ReduceMean", [x, s.indices(1)], { keepdims: 0 }), 0.01);
  s.integers(add("ReduceSum", [x, s.indices(1)], { keepdims: 1 }), 0.05);
  add("ReduceMax", [x, s.indices(-1)], { keepdims: 0 });
  s.integers(add("Slice", [x, s.indices(1, -1), s.indices(4, -5), s.indices(2, 1), s.indices(2, -1)]), 0.02);
  s.integers(add("Gather", [x, s.indices(2, -3)], { axis: 1 }), 0.04);
  const turned = s.node("Transpose", [x], { perm: [2, 0, 1] });
  s.edit.retype(turned, { ...turned.type, quant: x.type.quant! });
  add("Gather", [turned, s.edit.addConstant("scalar", i64Tensor([2], []))], { axis: 0 });
  add("Gather", [turned, s.edit.addConstant("square", i64Tensor([2, 1, 0, 1], [2, 2]))], { axis: 2 });
  add("Pad", [x, s.indices(0, 1, 0, 0, 0, 2)]);
  add("Expand", [y, s.indices(2, 3, 4)]);
  add("Clip", [x, s.float([], f32Tensor([-0.3], [])), s.float([], f32Tensor([0.4], []))]);
  s.integers(add("Clip", [x, s.float([], f32Tensor([0], [])), s.float([], f32Tensor([6], []))]), 0.01, -128);
  s.integers(add("RMSNormalization", [x, s.float([4])], { axis: -1 }), 0.02);
  add("Unsqueeze", [x, s.indices(0)]);
  await expectMeaning(s.model(...outputs));
});

test("weights in blocks are rows of one block each, with the graph's numbers", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 64]);
  const outputs = (["i4", "u4", "i8"] as const).flatMap((storage) => [
    s.node("MatMul", [x, blocked(s, [64, 6], storage, { axis: 0, blockSize: 32 })]),
    s.node("Gemm", [x, blocked(s, [6, 64], storage, { axis: 1, blockSize: 16 })], { transB: 1 }),
    s.node("MatMul", [x, blocked(s, [64, 8], storage, { axis: 1, blockSize: 4 })]),
  ]);
  const column = s.node("MatMul", [x, blocked(s, [64, 1], "i4", { axis: 0, blockSize: 32 })]);
  await expectMeaning(s.model(...outputs, column));
});

test("nodes kept in float16 compute in float32, with their weights in float16", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 4]);
  const bits = Uint16Array.from({ length: 12 }, () => numberToF16(random()));
  const w = s.edit.addConstant("w", memoryTensor("f16", [4, 3], new Uint8Array(bits.buffer)));
  const half = s.node("MatMul", [s.node("Cast", [x], { to: 10 }), w]);
  const y = s.node("Cast", [half], { to: 1 });
  const model = s.model(y);
  const { artifact, context, target } = await built(model);
  expect(target[0]!.model.subgraphs[0]!.tensors.find(({ name }) => name === "w")).toMatchObject({ type: "FLOAT16", shape: [3, 4] });
  const session = await backend.open!(artifact, context);
  const inputs = new Map([["x", randoms([2, 4])]]);
  const [got] = [...(await session.run(inputs)).values()].map(floats);
  await session.close();
  const weights = Array.from(bits, f16ToNumber);
  const at = (row: number, column: number) =>
    [0, 1, 2, 3].reduce((sum, k) => sum + floats(inputs.get("x")!)[row * 4 + k]! * weights[k * 3 + column]!, 0);
  got!.forEach((value, i) => expect(value).toBeCloseTo(at(Math.floor(i / 3), i % 3), 5));
});
