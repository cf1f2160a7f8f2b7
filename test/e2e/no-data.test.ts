import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxGraph, onnxModel, onnxNode, type OnnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { npz } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const node = (opType: string, inputs: readonly string[], output: string): OnnxNode => onnxNode({ opType, inputs, outputs: [output] });

const numbers = (count: number): Uint8Array => new Uint8Array(Float32Array.from({ length: count }, (_, i) => Math.sin(i + 1)).buffer);

interface Sketch {
  readonly input: ReturnType<typeof onnxValue>;
  readonly nodes: readonly OnnxNode[];
}

/** Exports a model over a table of 7 rows with int8 weights and no data; gives the exit code and the report. */
async function exported(name: string, { input, nodes }: Sketch, targets: string) {
  const graph = onnxGraph({
    name: "main",
    nodes,
    inputs: [input],
    initializers: [
      onnxTensor("table", "f32", [7, 64], numbers(7 * 64)),
      onnxTensor("w", "f32", [64, 64], numbers(64 * 64)),
      onnxTensor("kernel", "f32", [2, 3, 3, 3], numbers(54)),
      onnxTensor("far", "i64", [1], new Uint8Array(BigInt64Array.of(1000n).buffer)),
    ],
    outputs: [onnxValue("y", "f32", undefined)],
  });
  const path = join(folder.path, `${name}.onnx`);
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph }), path);
  const out = join(folder.path, name);
  const { code, stderr } = vlmExport([path, "-r", "preset:weights-int8", "-t", targets, "-o", out, "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return {
    report: JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report,
    markdown: readFileSync(join(out, "report.md"), "utf8"),
  };
}

test.each([
  ["onnx-qdq", ["batch", "seq"]],
  ["tflite", ["batch", 5]],
] as const)(
  "without data a model for %s of extents %j is run on made-up tokens, and the report says that they are random",
  async (target, shape) => {
    const { report, markdown } = await exported(
      `decoder-${target}`,
      {
        input: onnxValue("input_ids", "i64", shape),
        nodes: [node("Gather", ["table", "input_ids"], "e"), node("MatMul", ["e", "w"], "y")],
      },
      target,
    );
    expect(report.targets[target]).toMatchObject({
      status: "ok",
      proof: { tensorsDifferent: 0 },
      engine: { status: "run", data: "random", cosine: expect.closeTo(1, 2) },
    });
    expect(report.headline.join()).toContain("RANDOM data");
    expect(markdown).toContain("on random data");
  },
);

test.each([
  [
    "extents that nobody knows",
    { input: onnxValue("image", "f32", ["n", 3, "height", "width"]), nodes: [node("Conv", ["image", "kernel"], "y")] },
    /there is no data to run on: .*"height"/,
  ],
  [
    "a float model that refuses them",
    {
      input: onnxValue("ids", "i64", ["batch", "seq"]),
      nodes: [node("Add", ["ids", "far"], "i"), node("Gather", ["table", "i"], "e"), node("MatMul", ["e", "w"], "y")],
    },
    /there is no data to run on: the float model does not run on random data: /,
  ],
] as const)("where no sound input can be made up, the proof stands and the engine is not run: %s", async (name, sketch, reason) => {
  const { report } = await exported(name.replaceAll(" ", "-"), sketch, "onnx-qdq");
  const { status, proof, engine } = report.targets["onnx-qdq"]!;
  expect({ status, different: proof!.tensorsDifferent, engine }).toEqual({
    status: "ok",
    different: 0,
    engine: { status: "not-run", reason: expect.stringMatching(reason) },
  });
});

test("samples that do not fit an artifact's fixed shapes leave it proven and not run", async () => {
  const path = join(folder.path, "fixed.onnx");
  const graph = onnxGraph({
    name: "main",
    nodes: [node("MatMul", ["x", "w"], "y")],
    inputs: [onnxValue("x", "f32", ["n", 64])],
    initializers: [onnxTensor("w", "f32", [64, 64], numbers(64 * 64))],
    outputs: [onnxValue("y", "f32", undefined)],
  });
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph }), path);
  writeFileSync(join(folder.path, "a.npz"), await npz({ x: { dtype: "f32", shape: [3, 64], data: numbers(3 * 64) } }));
  writeFileSync(join(folder.path, "data.jsonl"), '{"tensors": "a.npz"}\n');
  const options = ["-r", "preset:int8", "--calibration", join(folder.path, "data.jsonl"), "-t", "onnx-qdq,tflite"];
  const { code, stdout } = vlmExport([path, ...options, "-o", join(folder.path, "fixed"), "--cache", "off", "--json"]);
  const { targets } = JSON.parse(stdout) as Report;
  expect(code).toBe(0);
  expect(targets["onnx-qdq"]).toMatchObject({ status: "ok", engine: { status: "run" } });
  expect(targets["tflite"]).toMatchObject({ status: "ok", proof: { tensorsDifferent: 0 } });
  expect(targets["tflite"]!.diagnostics.at(-1)).toMatchObject({ severity: "warning", hint: expect.stringContaining("model.shapes") });
  expect(targets["tflite"]!.engine).toMatchObject({ status: "not-run", reason: expect.stringContaining("f32[3, 64]") });
});
