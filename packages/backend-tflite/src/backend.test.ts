import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Artifact, type BackendContext, quantizedValues, scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import {
  type Diagnostic,
  elementCount,
  f32Tensor,
  type Graph,
  GraphEditor,
  i64Tensor,
  memoryTensor,
  type Model,
  type Node,
  type QuantSpec,
  runPasses,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { tfliteFile } from "@vlm-export/formats/tflite";
import { f16ToNumber, type IntegerType, numberToF16, pack, unpack } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import backend from "./index.js";
import type { TfliteTargetOptions } from "./target-model.js";

const ops = standardOps();
const tmp = mkdtempSync(join(tmpdir(), "vlm-tflite-"));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

let seed = 7;
function random(): number {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 32 - 0.5;
}

function randoms(shape: readonly number[], size = 2): TensorData {
  return f32Tensor(
    Array.from({ length: elementCount(shape) }, () => random() * size),
    shape,
  );
}

/** Block-quantized constant: `blockSize` elements along `axis` share a scale. */
function blocked(
  s: Sketch,
  shape: readonly number[],
  storage: IntegerType,
  { axis, blockSize }: { readonly axis: number; readonly blockSize: number },
): Value {
  const scaleShape = shape.map((extent, i) => (i === axis ? extent / blockSize : extent));
  const [low, high] = storage === "u4" ? [0, 15] : storage === "i4" ? [-7, 7] : [-127, 127];
  const numbers = (count: number, from: number, to: number) =>
    Array.from({ length: count }, () => Math.round((random() + 0.5) * (to - from) + from));
  const groups = elementCount(scaleShape);
  const quant: QuantSpec = {
    storage,
    range: [low, high],
    granularity: "block",
    mode: "static",
    scale: f32Tensor(
      numbers(groups, 1, 9).map((n) => n / 64),
      scaleShape,
    ),
    ...(storage === "u4" && { zeroPoint: memoryTensor(storage, scaleShape, pack(numbers(groups, 5, 10), storage)) }),
  };
  const data = memoryTensor(storage, shape, pack(numbers(elementCount(shape), low, high), storage));
  return s.edit.addConstant(s.edit.freshName("blocks"), data, { dtype: "f32", shape, quant });
}

interface SpecFields {
  readonly storage: IntegerType;
  readonly range: readonly [number, number];
  readonly rank: number;
  readonly scales: readonly number[];
  readonly axis?: number;
  readonly zeroPoint?: number;
}

function spec({ storage, range, rank, scales, axis, zeroPoint }: SpecFields): QuantSpec {
  const shape = Array.from({ length: rank }, (_, i) => (i === axis ? scales.length : 1));
  return {
    storage,
    range,
    granularity: axis === undefined ? "tensor" : "channel",
    mode: "static",
    scale: f32Tensor(scales, shape),
    ...(zeroPoint !== undefined && {
      zeroPoint: memoryTensor(
        storage,
        shape,
        pack(
          scales.map(() => zeroPoint),
          storage,
        ),
      ),
    }),
  };
}

/** A graph under construction with the quantized types that a frozen graph has. */
class Sketch {
  readonly edit = new GraphEditor(ops, "main");
  #n = 0;

  input(name: string, shape: readonly number[], scale?: number, zeroPoint = 3): Value {
    const value = this.edit.addInput(name, { dtype: "f32", shape });
    return scale === undefined ? value : this.integers(value, scale, zeroPoint);
  }

  float(shape: readonly number[], data = randoms(shape)): Value {
    return this.edit.addConstant(this.edit.freshName("c"), data);
  }

  indices(...values: number[]): Value {
    return this.edit.addConstant(this.edit.freshName("i"), i64Tensor(values));
  }

  weight(shape: readonly number[], storage: IntegerType = "i8", axis?: number): Value {
    const [low, high] = storage === "i4" ? [-7, 7] : storage === "u8" ? [1, 255] : [-127, 127];
    const codes = Array.from({ length: elementCount(shape) }, () => Math.round((random() + 0.5) * (high - low) + low));
    const scales = Array.from({ length: axis === undefined ? 1 : shape[axis]! }, () => 0.002 + 0.004 * (random() + 0.5));
    const fields = { storage, range: [low, high] as const, rank: shape.length, scales };
    const quant = spec({ ...fields, ...(axis !== undefined && { axis }), ...(storage === "u8" && { zeroPoint: 128 }) });
    return this.edit.addConstant(this.edit.freshName("w"), memoryTensor(storage, shape, pack(codes, storage)), {
      dtype: "f32",
      shape,
      quant,
    });
  }

  /** int32 bias of x · w along `axis` of the weight. */
  bias(x: Value, w: Value, count: number): Value {
    const [scaleX = 1] = scaleValues(x.type.quant!);
    const scales = [...scaleValues(w.type.quant!)].map((scale) => Math.fround(scale * scaleX));
    const quant = spec({ storage: "i32", range: [-(2 ** 31), 2 ** 31 - 1], rank: 1, scales, ...(scales.length > 1 && { axis: 0 }) });
    const codes = Array.from({ length: count }, () => Math.round(random() * 4000));
    return this.edit.addConstant(this.edit.freshName("b"), memoryTensor("i32", [count], pack(codes, "i32")), {
      dtype: "f32",
      shape: [count],
      quant,
    });
  }

  /** Adds a node; its result stays a real number. */
  node(op: string, inputs: readonly (Value | null)[], attrs: Node["attrs"] = {}): Value {
    return this.edit.insert(op, inputs, attrs, { name: `${op}_${(this.#n += 1)}` })[0]!;
  }

  /** Makes the value integers, int8 or (odd ones) uint8. */
  integers(value: Value, scale: number, zeroPoint = -5): Value {
    this.#n += 1;
    const unsigned = this.#n % 2 === 1;
    const fields = unsigned
      ? { storage: "u8" as const, range: [0, 255] as const }
      : { storage: "i8" as const, range: [-128, 127] as const };
    const point = unsigned ? zeroPoint + 128 : zeroPoint;
    this.edit.retype(value, {
      ...value.type,
      quant: spec({ ...fields, rank: value.type.shape!.length, scales: [scale], zeroPoint: point }),
    });
    return value;
  }

  model(...outputs: readonly Value[]): Model {
    for (const value of outputs) this.edit.addOutput(value);
    this.edit.settle();
    const graph = this.edit.graph;
    return { name: "m", components: new Map([["main", graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
  }
}

function floats(data: TensorData): Float32Array {
  return new Float32Array(data.bytes().slice().buffer);
}

function integersOf(quant: QuantSpec, data: TensorData): TensorData {
  const scales = scaleValues(quant);
  const points = zeroPointValues(quant);
  const codes = unpack(data.bytes(), data.dtype as IntegerType, elementCount(data.shape));
  const extents = quant.scale!.shape;
  const group = (i: number) =>
    data.shape.reduce((at, extent, axis) => {
      const index = Math.floor(i / data.shape.slice(axis + 1).reduce((a, b) => a * b, 1)) % extent;
      return at * extents[axis]! + Math.floor((index * extents[axis]!) / extent);
    }, 0);
  return f32Tensor(
    Float32Array.from(codes, (code, i) => Math.fround((code - (points[group(i)] ?? 0)) * scales[group(i)]!)),
    data.shape,
  );
}

function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest < 0.5 || (rest === 0.5 && low % 2 === 0) ? low : low + 1;
}

function fakeQuantized(quant: QuantSpec | undefined, data: TensorData): TensorData {
  if (!quant) return data;
  const [scale = 1] = scaleValues(quant);
  const [point = 0] = zeroPointValues(quant);
  const [low, high] = quant.range;
  const steps = floats(data).map((x) => (Math.min(Math.max(roundHalfEven(x / scale) + point, low), high) - point) * scale);
  return f32Tensor(steps, data.shape);
}

/** What the frozen graph means: every node computes the real function of its operands, its result is rounded by its own type. */
function reference(graph: Graph, inputs: ReadonlyMap<string, TensorData>): ReadonlyMap<Value, TensorData> {
  const values = new Map<Value, TensorData>();
  for (const value of graph.constants) values.set(value, value.type.quant ? integersOf(value.type.quant, value.data!) : value.data!);
  for (const value of graph.inputs) values.set(value, fakeQuantized(value.type.quant, inputs.get(value.name)!));
  for (const node of graph.nodes) {
    const operands = node.inputs.map((value) => (value ? values.get(value)! : null));
    const results = node.op === "vlm::Quantize" ? [operands[0]!] : ops.get(node.op)!.evaluate!(operands, node.attrs, node.outputs.length);
    node.outputs.forEach((value, i) => value && values.set(value, fakeQuantized(value.type.quant, results[i]!)));
  }
  return values;
}

let nextFolder = 0;

async function built(model: Model, options: TfliteTargetOptions = { io: "float32" }) {
  const dir = join(tmp, `artifact${(nextFolder += 1)}`);
  mkdirSync(dir);
  const files = new Map<string, Uint8Array[]>();
  const diagnostics: Diagnostic[] = [];
  const context: BackendContext<TfliteTargetOptions> = {
    options,
    ops,
    tmpDir: tmp,
    report: (diagnostic) => diagnostics.push(diagnostic),
    createFile: async (path) => {
      const chunks: Uint8Array[] = [];
      files.set(path, chunks);
      return {
        write: async (chunk) => void chunks.push(chunk.slice()),
        close: async () => writeFileSync(join(dir, path), Buffer.concat(chunks)),
      };
    },
    exec: () => Promise.reject(new Error("no programs")),
  };
  for (const graph of model.components.values()) runPasses(new GraphEditor(ops, graph), backend.legalize!, context);
  const target = await backend.lower(model, new Map(), context);
  const emitted = await backend.emit(target, context);
  const artifact: Artifact = {
    backend: "tflite",
    dir,
    formatVersion: emitted.formatVersion,
    tensors: emitted.tensors,
    losses: [],
    files: [...files.keys()].map((path) => {
      const bytes = readFileSync(join(dir, path));
      return { path, sizeBytes: bytes.byteLength, sha256: createHash("sha256").update(bytes).digest("hex") };
    }),
  };
  return { artifact, target, context, diagnostics };
}

/** Asserts that the artifact holds every integer, scale and zero point of the model. */
async function expectProof(model: Model, artifact: Artifact, context: BackendContext<TfliteTargetOptions>): Promise<void> {
  const decoded = await backend.decode(artifact, context);
  const byName = new Map(decoded.tensors.map((tensor) => [tensor.value, tensor]));
  for (const value of quantizedValues(model.components.get("main")!)) {
    const quant = value.type.quant!;
    const tensor = byName.get(value.name);
    expect(tensor, value.name).toMatchObject({ storage: quant.storage, scale: scaleValues(quant) });
    expect(tensor!.zeroPoint, value.name).toEqual(quant.zeroPoint ? zeroPointValues(quant) : tensor!.zeroPoint.map(() => 0));
    if (value.data) expect(Buffer.from(tensor!.ints!.bytes()), value.name).toEqual(Buffer.from(value.data.bytes()));
  }
}

/** Runs the artifact and asserts that each output is within `steps` of its scale (or 1e-4 of its size) of what the graph means. */
async function expectMeaning(model: Model, steps = 1): Promise<void> {
  const graph = model.components.get("main")!;
  const inputs = new Map(graph.inputs.map((value) => [value.name, randoms(value.type.shape!.map(Number))]));
  const { artifact, context } = await built(model);
  await expectProof(model, artifact, context);
  const session = await backend.open!(artifact, context);
  const results = await session.run(inputs);
  await session.close();
  const expected = reference(graph, inputs);
  for (const value of graph.outputs) {
    const [want, got] = [floats(expected.get(value)!), floats(results.get(value.name)!)];
    const size = Math.max(...want.map(Math.abs));
    const tolerance = value.type.quant ? steps * scaleValues(value.type.quant)[0]! + 1e-5 : 1e-4 * size + 1e-5;
    const worst = want.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!)), 0);
    expect({ name: value.name, length: got.length, worst: worst <= tolerance ? "fine" : worst / tolerance }).toEqual({
      name: value.name,
      length: want.length,
      worst: "fine",
    });
  }
}

let engineIsHere = true;
beforeAll(async () => {
  engineIsHere = (await backend.probe!((await built(new Sketch().model())).context)).length === 0;
});

test("patch embedding, attention and an MLP mean on the engine what the graph means", async () => {
  expect(engineIsHere).toBe(true);
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
    s.model(same, odd, depthwise, real, bare, bareReal, pooled, mean, nearest, linear, crd, dcr, global, flat, shuffled, normal, joined),
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
  const unary = ["Relu", "Gelu", "HardSwish", "LeakyRelu", "Abs", "Exp", "Neg", "Floor", "vlm::QuickGelu", "HardSigmoid", "Swish"];
  for (const op of unary) {
    s.integers(add(op, [x]), 0.02);
    add(op, [real]);
  }
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

test("transposes around elementwise functions and reshapes cost nothing", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 6, 6], 0.02);
  const w = s.weight([4, 4, 1, 1], "i8", 0);
  const first = s.integers(s.node("Conv", [x, w, s.bias(x, w, 4)]), 0.02);
  const relu = s.integers(s.node("Relu", [s.node("Transpose", [first], { perm: [0, 2, 3, 1] })]), 0.02);
  const back = s.node("Transpose", [relu], { perm: [0, 3, 1, 2] });
  s.edit.retype(back, { ...back.type, quant: relu.type.quant! });
  const second = s.integers(s.node("Conv", [back, w, s.bias(back, w, 4)]), 0.02);
  const { target } = await built(s.model(second));
  const { operatorCodes, subgraphs } = target[0]!.model;
  const names = subgraphs[0]!.operators.map(({ opcode }) => operatorCodes[opcode]!.op);
  expect(names.filter((name) => name === "TRANSPOSE")).toHaveLength(2); // NCHW at the edges
});

test("a clamp that the integers before it cannot leave costs nothing, and keeps its meaning", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 6, 6], 0.02);
  const w = s.weight([4, 4, 1, 1], "i8", 0);
  const sum = s.integers(s.node("Conv", [x, w, s.bias(x, w, 4)]), 0.02, -128);
  const y = s.node("Relu", [sum]);
  s.edit.retype(y, { ...y.type, quant: sum.type.quant! });
  const other = s.integers(s.node("Clip", [sum, s.float([], f32Tensor([-1], []))]), 0.03);
  const model = s.model(y, other);
  const { target } = await built(model);
  expect(target[0]!.model.operatorCodes.map(({ op }) => op)).toEqual(["QUANTIZE", "TRANSPOSE", "CONV_2D", "DEQUANTIZE"]);
  await expectMeaning(model);
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

test("int8 edges are the graph's own integers", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4], 0.02);
  const { target } = await built(s.model(s.integers(s.node("Relu", [x]), 0.02)), { io: "int8" });
  const { subgraphs, signatures } = target[0]!.model;
  expect([...signatures[0]!.inputs, ...signatures[0]!.outputs].map(({ tensor }) => subgraphs[0]!.tensors[tensor]!.type)).toEqual([
    "INT8",
    "INT8",
  ]);
});

test("a symbolic batch becomes 1, and the report says so", async () => {
  const s = new Sketch();
  const x = s.edit.addInput("x", { dtype: "f32", shape: ["batch", 4] });
  const { target, diagnostics } = await built(s.model(s.node("Relu", [x])));
  expect(target[0]!.model.subgraphs[0]!.tensors[0]!.shape).toEqual([1, 4]);
  expect(diagnostics.map(({ code }) => code)).toContain("VX-LOWER-TFLITE-STATIC");
});

test("a value of unknown extents is named", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 4]);
  const lowered = built(s.model(s.node("vlm::NoSuchOp", [x])));
  await expect(lowered).rejects.toMatchObject({ diagnostic: { code: "VX-LOWER-TFLITE-UNSUPPORTED" } });
  const t = new Sketch();
  const y = t.edit.addInput("y", { dtype: "f32", shape: undefined });
  await expect(built(t.model(t.node("Relu", [y])))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-SHAPE", where: { value: "y" } },
  });
});

test("values quantized at run time or of 16 bits are refused by name", async () => {
  const specs: readonly [QuantSpec, string][] = [
    [{ storage: "u8", range: [0, 255], granularity: "tensor", mode: "dynamic" }, "quantized at run time"],
    [spec({ storage: "i16", range: [-32768, 32767], rank: 2, scales: [1] }), "i16 integers have no TFLite form"],
  ];
  for (const [quant, message] of specs) {
    const s = new Sketch();
    const y = s.node("Relu", [s.input("x", [2, 4])]);
    s.edit.retype(y, { ...y.type, quant });
    await expect(built(s.model(y))).rejects.toMatchObject({
      diagnostic: {
        code: "VX-LOWER-TFLITE-VALUE",
        message: expect.stringContaining(message),
        where: { value: y.name, node: y.producer!.name },
      },
    });
  }
});

test.each([
  ["Max", [0, 0, 0], {}, "Max of 3 operands, expected 2"],
  [
    "Resize",
    [0, null, "scales"],
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    "scales that do not give whole extents",
  ],
  ["Resize", [0, null, "whole"], { mode: "cubic" }, "Resize cubic with half_pixel"],
  ["AveragePool", [0], { kernel_shape: [2, 2], pads: [1, 0, 0, 0] }, "AveragePool with this padding"],
  ["Pad", [0, "pads"], { mode: "reflect" }, "Pad with mode reflect"],
] as const)("%s with %j %j is refused: %s", async (op, operands, attrs, message) => {
  const s = new Sketch();
  const x = s.input("x", [1, 2, 3, 3]);
  const constants = new Map([
    ["scales", f32Tensor([1, 1, 1.5, 1.5], [4])],
    ["whole", f32Tensor([1, 1, 2, 2], [4])],
    ["pads", i64Tensor([0, 0, 1, 1, 0, 0, 1, 1])],
  ]);
  const inputs = operands.map((operand) =>
    operand === 0 ? x : operand === null ? null : s.edit.addConstant(operand, constants.get(operand)!),
  );
  await expect(built(s.model(s.node(op, inputs, attrs)))).rejects.toThrow(message);
});

test("components with like names get files of their own, and run together", async () => {
  const [a, b] = ["x", "y"].map((name) => {
    const s = new Sketch();
    return s.model(s.node("Neg", [s.input(name, [2])])).components.get("main")!;
  }) as [Graph, Graph];
  const model: Model = {
    ...new Sketch().model(),
    components: new Map([
      ["a/b", a],
      ["a_b", b],
    ]),
  };
  const { artifact, context } = await built(model);
  expect(artifact.files.map(({ path }) => path)).toEqual(["a_b.tflite", "a_b_1.tflite"]);
  const session = await backend.open!(artifact, context);
  const results = await session.run(
    new Map([
      ["a/b/x", f32Tensor([1, 2], [2])],
      ["a_b/y", f32Tensor([3, 4], [2])],
    ]),
  );
  await session.close();
  expect([...results.values()].map((data) => [...floats(data)])).toEqual([
    [-1, -2],
    [-3, -4],
  ]);
});

test("an operator without a TFLite form is refused by name", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 4]);
  await expect(built(s.model(s.node("Erf", [x])))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-UNSUPPORTED", message: "Erf has no TFLite form here." },
  });
});

test("what the engine only logs is an error: a convolution without bias is loaded by it and then never computed", async () => {
  const s = new Sketch();
  const { artifact, context, target } = await built(s.model(s.node("Conv", [s.input("x", [1, 1, 2, 2]), s.float([1, 1, 1, 1])])));
  const [{ model, path }] = target as [(typeof target)[0] & object];
  const operators = model.subgraphs[0]!.operators.map((operator) => ({ ...operator, inputs: operator.inputs.slice(0, 2) }));
  const unbiased = tfliteFile({ ...model, subgraphs: [{ ...model.subgraphs[0]!, operators }] });
  writeFileSync(join(artifact.dir, path), Buffer.concat([...unbiased.chunks()]));
  const run = async () => (await backend.open!(artifact, context)).run(new Map([["x", randoms([1, 1, 2, 2])]]));
  await expect(run()).rejects.toThrow(/ERROR: .*has_bias was not true/);
});

test("a changed byte of a weight is found, a cut file is a coded error", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 16], 0.02);
  const w = s.weight([16, 8], "i8", 1);
  const model = s.model(s.integers(s.node("MatMul", [x, w]), 0.02));
  const { artifact, context } = await built(model);
  const path = join(artifact.dir, artifact.files[0]!.path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -1));
  await expect(backend.decode(artifact, context)).rejects.toMatchObject({ diagnostic: { code: "VX-DECODE-TFLITE-FILE" } });
  await expect(backend.open!(artifact, context)).rejects.toMatchObject({ diagnostic: { code: "VX-TOOL-TFLITE-ENGINE" } });
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(expectProof(model, artifact, context)).rejects.toThrow();
  for (const key of ["main.tflite#999", "main.tflite#0@0,0", "main.tflite#0:3,5", "nonsense"]) {
    const lost = { ...artifact, tensors: [{ ...artifact.tensors[0]!, key }] };
    await expect(backend.decode(lost, context)).rejects.toMatchObject({ diagnostic: { code: "VX-DECODE-TFLITE-TENSOR" } });
  }
});
