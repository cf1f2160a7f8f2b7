import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxGraph, onnxModel, onnxTensor, writeOnnx } from "@vlm-export/formats/onnx";
import { f32Tensor, type Graph, GraphEditor, memoryTensor, type QuantSpec, widenedTensor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createEngine, type WeightPlace } from "./index.js";
import { freeMemoryBytes, weightPlace, weightPlaceOfFile } from "./weight-place.js";

const SIZE = 64;
const ops = standardOps();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "weight-place-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** 1000 f16 and 24 i8 elements: 6 KiB as the engine holds them with room to load, 2 KiB in the file. */
const graph = onnxGraph({
  name: "weights",
  initializers: [onnxTensor("half", "f16", [10, 100], new Uint8Array(2000)), onnxTensor("codes", "i8", [24], new Uint8Array(24))],
});

test("weights are held while 1.5 times their size as 32-bit floats is free, else mapped", () => {
  expect(weightPlace(graph, "fused", 1.5 * 4 * 1024)).toBe("held");
  expect(weightPlace(graph, "plain", 1.5 * 4 * 1024 - 1)).toBe("mapped");
});

test("nothing is set by default: a model that is too large is refused, with the figures", () => {
  expect(weightPlace(graph, "default", 5060)).toBe("held");
  expect(() => weightPlace(graph, "default", 2000)).toThrow(
    "the engine would need about 5.06 kB of memory for this model, and 2.00 kB are free.",
  );
});

test("a file is asked for its weights; one that is no model is left to the engine", async () => {
  const path = join(folder, "model.onnx");
  await writeOnnx(onnxModel({ graph, irVersion: 10, opsetImports: [{ domain: "", version: 21 }] }), path);
  expect(weightPlaceOfFile(path, "fused", 6143)).toBe("mapped");
  expect(weightPlaceOfFile(path, "fused", 6144)).toBe("held");
  writeFileSync(join(folder, "text.onnx"), "no model");
  expect(weightPlaceOfFile(join(folder, "text.onnx"), "fused", 0)).toBe("held");
});

test("some memory is free, and not more than the machine has", () => {
  expect(freeMemoryBytes()).toBeGreaterThan(2 ** 20);
});

/** ((x · matrix) · half) · codes: a matrix, a cast and a dequantization, which the engine packs and folds where it may. */
function weighted(): Graph {
  const edit = new GraphEditor(ops, "g");
  const shape = [SIZE, SIZE];
  const x = edit.addInput("x", { dtype: "f32", shape: [2, SIZE] });
  const matrix = edit.addConstant(
    "matrix",
    f32Tensor(
      Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(i)),
      shape,
    ),
  );
  const half = edit.addConstant("half", widenedTensor(memoryTensor("f16", shape, new Uint8Array(SIZE * SIZE * 2).fill(0x34))));
  const quant: QuantSpec = {
    storage: "i8",
    range: [-127, 127],
    granularity: "channel",
    mode: "static",
    scale: f32Tensor(
      Float32Array.from({ length: SIZE }, (_, i) => 0.01 + i / 1000),
      [1, SIZE],
    ),
  };
  const codes = edit.addConstant(
    "codes",
    memoryTensor(
      "i8",
      shape,
      Uint8Array.from({ length: SIZE * SIZE }, (_, i) => i % 120),
    ),
    { dtype: "f32", shape, quant },
  );
  const [first] = edit.insert("MatMul", [x, matrix]);
  const [second] = edit.insert("MatMul", [first ?? null, half]);
  const [y] = edit.insert("MatMul", [second ?? null, codes], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  return edit.graph;
}

async function outputWith(freeBytes: number): Promise<{ readonly weights: WeightPlace; readonly y: readonly number[] }> {
  const engine = await createEngine({ freeMemoryBytes: () => freeBytes });
  try {
    const session = await engine.openGraph({ graph: weighted(), ops }, { arithmetic: "plain" });
    const x = f32Tensor(
      Float32Array.from({ length: 2 * SIZE }, (_, i) => Math.cos(i)),
      [2, SIZE],
    );
    const { outputs } = await session.run(new Map([["x", x]]));
    await session.close();
    return { weights: session.weights, y: [...new Float32Array((outputs.get("y")?.bytes() ?? new Uint8Array()).slice().buffer)] };
  } finally {
    engine.close();
  }
}

test("mapped weights give what held ones give", async () => {
  const [held, mapped] = [await outputWith(2 ** 40), await outputWith(0)];
  expect([held.weights, mapped.weights]).toEqual(["held", "mapped"]);
  expect(held.y).toHaveLength(2 * SIZE);
  const largest = Math.max(...held.y.map(Math.abs));
  expect(largest).toBeGreaterThan(1);
  for (const [i, value] of mapped.y.entries()) expect(Math.abs(value - (held.y[i] as number))).toBeLessThan(largest * 1e-5);
});
