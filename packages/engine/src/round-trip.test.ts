import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import {
  floatAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  type OnnxAttribute,
  type OnnxNode,
  onnxAttribute,
  onnxGraph,
  onnxModel,
  onnxNode,
  onnxTensor,
  onnxValue,
  textAttribute,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { importOnnx } from "@vlm-export/frontends";
import { f32Tensor, i64Tensor, memoryTensor, onlyComponent, type TensorData } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine, type FetchedTensor } from "./index.js";

const ops = standardOps();
let engine: Engine;
let folder: string;
const pool = new FilePool();

beforeAll(async () => {
  engine = await createEngine();
  folder = mkdtempSync(join(tmpdir(), "round-trip-"));
});
afterAll(() => {
  engine.close();
  pool.close();
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly title: string;
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  /** Shapes of the f32 graph inputs by name. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly constants?: Readonly<Record<string, TensorData>>;
  readonly outputs: readonly string[];
  /** Element type of the outputs. */
  readonly dtype?: "f32" | "i64";
  /** Ops that the import must give, in order. */
  readonly becomes: readonly string[];
  readonly contrib?: boolean;
}

const node = (opType: string, inputs: string, outputs: string, ...attributes: readonly OnnxAttribute[]): OnnxNode =>
  onnxNode({ opType, inputs: inputs.split(" ").map((name) => (name === "_" ? "" : name)), outputs: outputs.split(" "), attributes });
const contrib = (...given: Parameters<typeof node>): OnnxNode => ({ ...node(...given), domain: "com.microsoft" });
const floats = (name: string, values: readonly number[]): OnnxAttribute => onnxAttribute(name, { kind: "floats", value: values });

function ramp(shape: readonly number[], scale = 1): TensorData {
  const count = shape.reduce((a, b) => a * b, 1);
  return f32Tensor(
    Array.from({ length: count }, (_, i) => scale * Math.sin(1.7 * i + shape.length)),
    shape,
  );
}

const wide = [2, 6, 4] as const;
const image = [1, 4, 6, 6] as const;

const CASES: readonly Case[] = [
  {
    title: "Clip 6",
    opset: 7,
    nodes: [node("Clip", "x", "y", floatAttribute("min", -0.3), floatAttribute("max", 0.4))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Clip"],
  },
  { title: "Clip 6 without bounds", opset: 9, nodes: [node("Clip", "x", "y")], inputs: { x: wide }, outputs: ["y"], becomes: ["Clip"] },
  {
    title: "Slice 1 to the largest int64",
    opset: 7,
    nodes: [
      node(
        "Slice",
        "x",
        "y",
        intsAttribute("starts", [1, -2]),
        intsAttribute("ends", [2n ** 63n - 1n, 100]),
        intsAttribute("axes", [1, 2]),
      ),
    ],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Slice"],
  },
  {
    title: "Slice 1 without axes",
    opset: 9,
    nodes: [node("Slice", "x", "y", intsAttribute("starts", [0, 1]), intsAttribute("ends", [1, -1]))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Slice"],
  },
  {
    title: "Pad 2, constant",
    opset: 7,
    nodes: [node("Pad", "x", "y", intsAttribute("pads", [0, 1, 0, 0, 0, 2]), floatAttribute("value", 1.5))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Pad"],
  },
  {
    title: "Pad 2, reflect",
    opset: 10,
    nodes: [node("Pad", "x", "y", textAttribute("mode", "reflect"), intsAttribute("pads", [0, 1, 0, 0, 0, 2]))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Pad"],
  },
  {
    title: "Squeeze and Unsqueeze 1",
    opset: 11,
    nodes: [node("Unsqueeze", "x", "u", intsAttribute("axes", [0, 2])), node("Squeeze", "u", "y", intsAttribute("axes", [2]))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Unsqueeze", "Squeeze"],
  },
  {
    title: "ReduceMean 1",
    opset: 11,
    nodes: [node("ReduceMean", "x", "y", intsAttribute("axes", [-1, 1]), intAttribute("keepdims", 0))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["ReduceMean"],
  },
  {
    title: "ReduceSum 1 over all",
    opset: 12,
    nodes: [node("ReduceSum", "x", "y")],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["ReduceSum"],
  },
  {
    title: "ReduceMax 13",
    opset: 13,
    nodes: [node("ReduceMax", "x", "y", intsAttribute("axes", [1]))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["ReduceMax"],
  },
  {
    title: "Split 2 into given sizes",
    opset: 7,
    nodes: [node("Split", "x", "a b", intAttribute("axis", 1), intsAttribute("split", [2, 4]))],
    inputs: { x: wide },
    outputs: ["a", "b"],
    becomes: ["Split"],
  },
  {
    title: "Split 2 into equal parts",
    opset: 11,
    nodes: [node("Split", "x", "a b c", intAttribute("axis", 1))],
    inputs: { x: wide },
    outputs: ["a", "b", "c"],
    becomes: ["Split"],
  },
  {
    title: "Split 13 into equal parts",
    opset: 13,
    nodes: [node("Split", "x", "a b", intAttribute("axis", 2))],
    inputs: { x: wide },
    outputs: ["a", "b"],
    becomes: ["Split"],
  },
  {
    title: "Softmax 1 along the last axis",
    opset: 11,
    nodes: [node("Softmax", "x", "y", intAttribute("axis", 2))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Softmax"],
  },
  {
    title: "Softmax 1 over flattened axes",
    opset: 11,
    nodes: [node("Softmax", "x", "y")],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Flatten", "Softmax", "Reshape"],
  },
  {
    title: "Softmax 1 before axes of extent 1",
    opset: 9,
    nodes: [node("Softmax", "x", "y")],
    inputs: { x: [2, 5, 1, 1] },
    outputs: ["y"],
    becomes: ["Softmax"],
  },
  {
    title: "LogSoftmax 1 over all axes",
    opset: 8,
    nodes: [node("LogSoftmax", "x", "y", intAttribute("axis", 0))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Flatten", "LogSoftmax", "Reshape"],
  },
  {
    title: "Hardmax 11 from the end",
    opset: 12,
    nodes: [node("Hardmax", "x", "y", intAttribute("axis", -2))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Flatten", "Hardmax", "Reshape"],
  },
  {
    title: "Dropout 7",
    opset: 7,
    nodes: [node("Dropout", "x", "y", floatAttribute("ratio", 0.3))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["Dropout"],
  },
  {
    title: "Upsample 7, nearest",
    opset: 7,
    nodes: [node("Upsample", "x", "y", floats("scales", [1, 1, 2, 1.5]))],
    inputs: { x: image },
    outputs: ["y"],
    becomes: ["Resize"],
  },
  {
    title: "Upsample 9, linear",
    opset: 9,
    nodes: [node("Upsample", "x s", "y", textAttribute("mode", "linear"))],
    inputs: { x: image },
    constants: { s: f32Tensor([1, 1, 2, 3], [4]) },
    outputs: ["y"],
    becomes: ["Resize"],
  },
  {
    title: "Resize 10, nearest down",
    opset: 10,
    nodes: [node("Resize", "x s", "y")],
    inputs: { x: image },
    constants: { s: f32Tensor([1, 1, 0.6, 0.5], [4]) },
    outputs: ["y"],
    becomes: ["Resize"],
  },
  {
    title: "Resize 10, nearest up and down",
    opset: 10,
    nodes: [node("Resize", "x s", "y")],
    inputs: { x: image },
    constants: { s: f32Tensor([1, 1, 0.6, 1.7], [4]) },
    outputs: ["y"],
    becomes: ["Resize", "Resize"],
  },
  {
    title: "Resize 10, linear",
    opset: 10,
    nodes: [node("Resize", "x s", "y", textAttribute("mode", "linear"))],
    inputs: { x: image },
    constants: { s: f32Tensor([1, 1, 0.6, 2], [4]) },
    outputs: ["y"],
    becomes: ["Resize"],
  },
  {
    title: "Resize 11 with empty operands",
    opset: 11,
    nodes: [node("Resize", "x r s z", "y")],
    inputs: { x: image },
    constants: { r: f32Tensor([], [0]), s: f32Tensor([], [0]), z: i64Tensor([1, 4, 9, 3]) },
    outputs: ["y"],
    becomes: ["Resize"],
  },
  {
    title: "TopK 1",
    opset: 9,
    nodes: [node("TopK", "x", "y i", intAttribute("k", 3), intAttribute("axis", 1))],
    inputs: { x: wide },
    outputs: ["y"],
    becomes: ["TopK"],
  },
  {
    title: "BatchNormalization 7",
    opset: 7,
    nodes: [node("BatchNormalization", "x s b m v", "y", intAttribute("spatial", 1), floatAttribute("epsilon", 1e-3))],
    inputs: { x: image },
    constants: { s: ramp([4]), b: ramp([4], 2), m: ramp([4], 0.5), v: f32Tensor([1, 2, 3, 4], [4]) },
    outputs: ["y"],
    becomes: ["BatchNormalization"],
  },
  {
    title: "Scatter 9",
    opset: 9,
    nodes: [node("Scatter", "x i u", "y", intAttribute("axis", 1))],
    inputs: { x: [3, 4], u: [3, 1] },
    constants: { i: i64Tensor([3, 0, 2], [3, 1]) },
    outputs: ["y"],
    becomes: ["ScatterElements"],
  },
  {
    title: "GridSample 16",
    opset: 16,
    nodes: [node("GridSample", "x g", "y", textAttribute("mode", "bicubic"))],
    inputs: { x: image, g: [1, 3, 3, 2] },
    outputs: ["y"],
    becomes: ["GridSample"],
  },
  {
    title: "GroupNormalization 18",
    opset: 18,
    nodes: [node("GroupNormalization", "x s b", "y", intAttribute("num_groups", 2))],
    inputs: { x: image },
    constants: { s: ramp([2]), b: ramp([2], 3) },
    outputs: ["y"],
    becomes: ["Reshape", "Expand", "Reshape", "Reshape", "Expand", "Reshape", "GroupNormalization"],
  },
  {
    title: "LayerNormalization below its opset",
    opset: 13,
    nodes: [node("LayerNormalization", "x s b", "y", floatAttribute("epsilon", 1e-3))],
    inputs: { x: wide },
    constants: { s: ramp([4]), b: ramp([4], 2) },
    outputs: ["y"],
    becomes: ["LayerNormalization"],
  },
  {
    title: "SimplifiedLayerNormalization",
    opset: 17,
    nodes: [node("SimplifiedLayerNormalization", "x s", "y", floatAttribute("epsilon", 1e-3))],
    inputs: { x: wide },
    constants: { s: ramp([4]) },
    outputs: ["y"],
    becomes: ["RMSNormalization"],
  },
  {
    title: "SkipLayerNormalization",
    opset: 17,
    contrib: true,
    nodes: [contrib("SkipLayerNormalization", "x k s b c", "y _ _ z".replaceAll("_", "")), node("Add", "y z", "w")].map((one) => ({
      ...one,
      outputs: one.outputs,
    })),
    inputs: { x: wide, k: wide },
    constants: { s: ramp([4]), b: ramp([4], 2), c: ramp([4], 3) },
    outputs: ["w"],
    becomes: ["Add", "Add", "LayerNormalization", "Add"],
  },
  {
    title: "SkipSimplifiedLayerNormalization",
    opset: 17,
    contrib: true,
    nodes: [contrib("SkipSimplifiedLayerNormalization", "x k s", "y")],
    inputs: { x: wide, k: wide },
    constants: { s: ramp([4]) },
    outputs: ["y"],
    becomes: ["Add", "RMSNormalization"],
  },
  {
    title: "FusedMatMul",
    opset: 17,
    contrib: true,
    nodes: [contrib("FusedMatMul", "x k", "y", intAttribute("transB", 1), floatAttribute("alpha", 0.25))],
    inputs: { x: wide, k: wide },
    outputs: ["y"],
    becomes: ["Transpose", "MatMul", "Mul"],
  },
  {
    title: "BiasGelu, FastGelu, QuickGelu",
    opset: 17,
    contrib: true,
    nodes: [contrib("BiasGelu", "x b", "a"), contrib("FastGelu", "a b", "c"), contrib("QuickGelu", "c", "y", floatAttribute("alpha", 1.5))],
    inputs: { x: wide },
    constants: { b: ramp([4]) },
    outputs: ["y"],
    becomes: ["Add", "Gelu", "Add", "Gelu", "Mul", "Sigmoid", "Mul"],
  },
  {
    title: "FusedConv",
    opset: 17,
    contrib: true,
    nodes: [
      contrib(
        "FusedConv",
        "x w b",
        "y",
        textAttribute("activation", "LeakyRelu"),
        floats("activation_params", [0.2]),
        intsAttribute("pads", [1, 1, 1, 1]),
      ),
    ],
    inputs: { x: image },
    constants: { w: ramp([2, 4, 3, 3]), b: ramp([2]) },
    outputs: ["y"],
    becomes: ["Conv", "LeakyRelu"],
  },
  {
    title: "RotaryEmbedding",
    opset: 17,
    contrib: true,
    nodes: [contrib("RotaryEmbedding", "x p c s", "y", intAttribute("interleaved", 1))],
    inputs: { x: [1, 3, 8] },
    constants: { p: i64Tensor([4, 0, 2], [1, 3]), c: ramp([6, 2]), s: ramp([6, 2], 0.7) },
    outputs: ["y"],
    becomes: ["RotaryEmbedding"],
  },
];

for (const one of CASES) {
  test(`${one.title} gives what the source gives`, async () => {
    const path = join(folder, "model.onnx");
    await writeOnnx(modelOf(one), path);
    const graph = onlyComponent(await importOnnx(path, { ops, pool: new FilePool() }));
    expect(graph.nodes.map(({ op }) => op)).toEqual(one.becomes);
    const sample = new Map(Object.entries(one.inputs).map(([name, shape]) => [name, ramp(shape)]));
    const [expected, actual] = [await run(await engine.openFile(path), sample), await run(await engine.openGraph({ graph, ops }), sample)];
    expect([...actual.keys()]).toEqual(one.outputs);
    for (const [name, tensor] of expected) expectClose(actual.get(name) as FetchedTensor, tensor);
    rmSync(path);
  });
}

function modelOf({ opset, nodes, inputs, constants = {}, outputs, dtype = "f32", contrib: isContrib }: Case) {
  const imports = [{ domain: "", version: opset }, ...(isContrib ? [{ domain: "com.microsoft", version: 1 }] : [])];
  const graph = onnxGraph({
    name: "main",
    nodes,
    inputs: Object.entries(inputs).map(([name, shape]) => onnxValue(name, "f32", shape)),
    initializers: Object.entries(constants).map(([name, data]) => onnxTensor(name, data.dtype as "f32", data.shape, data.bytes())),
    outputs: outputs.map((name) => onnxValue(name, dtype, undefined)),
  });
  return onnxModel({ irVersion: 8, opsetImports: imports, graph });
}

async function run(session: Awaited<ReturnType<Engine["openFile"]>>, sample: ReadonlyMap<string, TensorData>) {
  const { outputs } = await session.run(sample);
  await session.close();
  return outputs;
}

function expectClose(actual: FetchedTensor, expected: FetchedTensor): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const [a, b] = [new Float32Array(actual.buffer), new Float32Array(expected.buffer)];
  for (const [i, value] of b.entries()) expect(Math.abs((a[i] as number) - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
}

test("control flow with captured values gives what the source gives", async () => {
  const branch = (op: string) =>
    graphAttribute(
      op === "Add" ? "then_branch" : "else_branch",
      onnxGraph({ name: op, nodes: [node(op, "x k", `${op}_out`)], outputs: [onnxValue(`${op}_out`, "f32", undefined)] }),
    );
  const graph = onnxGraph({
    name: "main",
    nodes: [node("Mul", "x x", "k"), node("If", "c", "y", branch("Add"), branch("Sub"))],
    inputs: [onnxValue("x", "f32", wide), onnxValue("c", "bool", [])],
    outputs: [onnxValue("y", "f32", undefined)],
  });
  const path = join(folder, "if.onnx");
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 13 }], graph }), path);
  const imported = onlyComponent(await importOnnx(path, { ops, pool }));
  for (const truth of [0, 1]) {
    const sample = new Map([
      ["x", ramp(wide)],
      ["c", memoryTensor("bool", [], Uint8Array.of(truth))],
    ]);
    const [expected, actual] = [
      await run(await engine.openFile(path), sample),
      await run(await engine.openGraph({ graph: imported, ops }), sample),
    ];
    expectClose(actual.get("y") as FetchedTensor, expected.get("y") as FetchedTensor);
  }
});
