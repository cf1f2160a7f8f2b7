import { scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import { elementCount, f32Tensor, type Graph, type Model, type QuantSpec, type TensorData, type Value } from "@vlm-export/ir";
import { type IntegerType, unpack } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { expect } from "vitest";
import { built, expectProof } from "./artifact.fixture.js";
import backend from "./index.js";
import { randoms } from "./sketch.fixture.js";

const ops = standardOps();

export function floats(data: TensorData): Float32Array {
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

/** Runs the artifact and asserts that each output is within `steps` of its scale (or 1e-4 of its size) of what the graph means before the target changes it. */
export async function expectMeaning(model: Model, steps = 1): Promise<void> {
  const graph = model.components.get("main")!;
  const inputs = new Map(graph.inputs.map((value) => [value.name, randoms(value.type.shape!.map(Number))]));
  const before = reference(graph, inputs);
  const expected = graph.outputs.map((value) => before.get(value)!);
  const { artifact, context } = await built(model);
  await expectProof(model, artifact, context);
  const session = await backend.open!(artifact, context);
  const results = await session.run(inputs);
  await session.close();
  for (const [i, value] of graph.outputs.entries()) {
    const [want, got] = [floats(expected[i]!), floats(results.get(value.name)!)];
    const size = Math.max(...want.map(Math.abs));
    const tolerance = value.type.quant ? steps * scaleValues(value.type.quant)[0]! + 1e-5 : 1e-4 * size + 1e-5;
    const worst = want.reduce((most, x, at) => Math.max(most, Math.abs(x - got[at]!)), 0);
    expect({ name: value.name, length: got.length, worst: worst <= tolerance ? "fine" : worst / tolerance }).toEqual({
      name: value.name,
      length: want.length,
      worst: "fine",
    });
  }
}
