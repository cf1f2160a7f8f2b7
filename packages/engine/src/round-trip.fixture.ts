import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import {
  type OnnxAttribute,
  onnxAttribute,
  onnxGraph,
  type OnnxModel,
  onnxModel,
  onnxNode,
  type OnnxNode,
  onnxTensor,
  onnxValue,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import { importOnnx } from "@vlm-export/frontends";
import { f32Tensor, type Graph, onlyComponent, type TensorData } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type Engine, type EngineSession, type FetchedTensor } from "./index.js";

const ops = standardOps();
let engine: Engine;
let folder: string;

beforeAll(async () => {
  engine = await createEngine();
  folder = mkdtempSync(join(tmpdir(), "round-trip-"));
});
afterAll(() => {
  engine.close();
  rmSync(folder, { recursive: true });
});

/** A small model of one source form. */
export interface Case {
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

export const node = (opType: string, inputs: string, outputs: string, ...attributes: readonly OnnxAttribute[]): OnnxNode =>
  onnxNode({ opType, inputs: inputs.split(" ").map((name) => (name === "_" ? "" : name)), outputs: outputs.split(" "), attributes });
export const contrib = (...given: Parameters<typeof node>): OnnxNode => ({ ...node(...given), domain: "com.microsoft" });
export const floats = (name: string, values: readonly number[]): OnnxAttribute => onnxAttribute(name, { kind: "floats", value: values });

/** Reproducible numbers. */
export function ramp(shape: readonly number[], scale = 1): TensorData {
  const count = shape.reduce((a, b) => a * b, 1);
  return f32Tensor(
    Array.from({ length: count }, (_, i) => scale * Math.sin(1.7 * i + shape.length)),
    shape,
  );
}

export const wide = [2, 6, 4] as const;
export const image = [1, 4, 6, 6] as const;

/** One test per case: the imported graph has the expected ops and computes on the engine what the source file computes. */
export function testRoundTrips(cases: readonly Case[]): void {
  test.each(cases.map((one) => [one.title, one] as const))("%s gives what the source gives", async (_, one) => {
    const sample = new Map(Object.entries(one.inputs).map(([name, shape]) => [name, ramp(shape)]));
    const { graph, expected, actual } = await roundTrip(modelOf(one), sample);
    expect(graph.nodes.map(({ op }) => op)).toEqual(one.becomes);
    expect([...actual.keys()]).toEqual(one.outputs);
    for (const [name, tensor] of expected) expectClose(actual.get(name) as FetchedTensor, tensor);
  });
}

/** Runs a source model and what import makes of it. */
export async function roundTrip(
  model: OnnxModel,
  sample: ReadonlyMap<string, TensorData>,
): Promise<{ readonly graph: Graph; readonly expected: Outputs; readonly actual: Outputs }> {
  const path = join(folder, "model.onnx");
  await writeOnnx(model, path);
  const pool = new FilePool();
  const graph = onlyComponent(await importOnnx(path, { ops, pool }));
  const [expected, actual] = [await run(await engine.openFile(path), sample), await run(await engine.openGraph({ graph, ops }), sample)];
  pool.close();
  rmSync(path);
  return { graph, expected, actual };
}

type Outputs = ReadonlyMap<string, FetchedTensor>;

function modelOf({ opset, nodes, inputs, constants = {}, outputs, dtype = "f32", contrib: isContrib }: Case): OnnxModel {
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

async function run(session: EngineSession, sample: ReadonlyMap<string, TensorData>): Promise<Outputs> {
  const { outputs } = await session.run(sample);
  await session.close();
  return outputs;
}

/** Same type and shape, numbers within 1e-5. */
export function expectClose(actual: FetchedTensor, expected: FetchedTensor): void {
  expect([actual.dtype, actual.shape]).toEqual([expected.dtype, expected.shape]);
  const [a, b] = [new Float32Array(actual.buffer), new Float32Array(expected.buffer)];
  for (const [i, value] of b.entries()) expect(Math.abs((a[i] as number) - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
}
