import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onnxNode, onnxTensor, onnxValue, readOnnxBytes, writeOnnx } from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, npz, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const [ROWS, WIDTH, CLASSES] = [8, 64, 16];
const model = join(folder.path, "layers.onnx");
const data = join(folder.path, "samples.jsonl");

/** Sums of several waves: values of all sizes, none of which repeats. */
const waves = (count: number, seed: number): Uint8Array =>
  f32(Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + seed) + Math.cos(i * 0.37 * seed)));

beforeAll(async () => {
  const layers = smallModel({
    name: "layers",
    inputs: [onnxValue("x", "f32", [ROWS, WIDTH])],
    outputs: [onnxValue("y", "f32", [ROWS, CLASSES])],
    initializers: [
      onnxTensor("w", "f32", [WIDTH, WIDTH], waves(WIDTH * WIDTH, 1)),
      onnxTensor("v", "f32", [WIDTH, CLASSES], waves(WIDTH * CLASSES, 2)),
    ],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({ opType: "Relu", inputs: ["h"], outputs: ["r"] }),
      onnxNode({ opType: "MatMul", inputs: ["r", "v"], outputs: ["y"] }),
    ],
  });
  await writeOnnx(layers, model);
  writeFileSync(join(folder.path, "x.npz"), await npz({ x: { dtype: "f32", shape: [ROWS, WIDTH], data: waves(ROWS * WIDTH, 3) } }));
  writeFileSync(data, JSON.stringify({ tensors: "x.npz" }));
});

/** TensorProto.DataType. */
const [UINT8, INT8] = [2, 3];

interface Exported {
  readonly target: Report["targets"][string];
  readonly stdout: string;
  /** Bytes of the integer tensors, by name. */
  readonly integers: ReadonlyMap<string, { readonly dataType: number; readonly bytes: Uint8Array }>;
}

function exported(name: string, options: string): Exported {
  const recipe = join(folder.path, `${name}.yaml`);
  writeFileSync(
    recipe,
    `version: 1
calibration: { data: samples.jsonl }
rules:
  - match: { op: MatMul }
    weights: { dtype: int8, granularity: channel, symmetric: true }
    activations: { dtype: int8, granularity: tensor, symmetric: false, mode: static }
targets: { onnx-qdq: ${options} }
`,
  );
  const out = join(folder.path, name);
  const { code, stdout, stderr } = vlmExport([model, "-r", recipe, "-t", "onnx-qdq", "-o", out, "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { graph } = readOnnxBytes(readFileSync(join(out, "onnx-qdq/model.onnx")));
  const integers = graph.initializers.flatMap(({ name: tensor, dataType, data: held }) =>
    (dataType === UINT8 || dataType === INT8) && held.kind === "inline" ? [[tensor, { dataType, bytes: held.open().read() }] as const] : [],
  );
  const { targets } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  return { target: targets["onnx-qdq"]!, stdout, integers: new Map(integers) };
}

test("unsigned writes int8 as uint8 with the same numbers, proven, and no less exact on the engine's own kernels", () => {
  const [signed, unsigned] = [exported("signed", "{}"), exported("unsigned", "{ signedness: unsigned }")];
  expect(new Set([...signed.integers.values()].map(({ dataType }) => dataType))).toEqual(new Set([INT8]));
  expect(new Set([...unsigned.integers.values()].map(({ dataType }) => dataType))).toEqual(new Set([UINT8]));
  expect([...unsigned.integers.keys()]).toEqual([...signed.integers.keys()]);
  for (const [name, { bytes }] of signed.integers)
    expect([name, ...(unsigned.integers.get(name)?.bytes ?? [])]).toEqual([name, ...bytes.map((byte) => byte ^ 128)]);
  expect(unsigned.target.proof).toMatchObject({ tensorsDifferent: 0, reencodings: { "sign-shift": signed.target.proof?.tensorsCompared } });
  const { cosine, sqnrDb, maxAbsError, defaults } = unsigned.target.engine!;
  expect({ cosine, sqnrDb, maxAbsError }).toEqual({
    cosine: signed.target.engine!.cosine,
    sqnrDb: signed.target.engine!.sqnrDb,
    maxAbsError: signed.target.engine!.maxAbsError,
  });
  expect(defaults).toMatchObject({ status: "run" });
  expect(defaults!.sqnrDb!).toBeGreaterThan(sqnrDb! - 1);
  expect(unsigned.target.diagnostics.map(({ code }) => code)).not.toContain("VX-VERIFY-DEFAULTS");
});

test("what the engine loses when nothing is set on it is measured, and a loss is a warning", () => {
  const { target, stdout } = exported("signed", "{}");
  const { sqnrDb, defaults } = target.engine!;
  // Kernels for int8 weights saturate on x86 processors without VNNI instructions only.
  const isLoss = sqnrDb! - defaults!.sqnrDb! >= 1;
  expect(target.diagnostics.filter(({ code }) => code === "VX-VERIFY-DEFAULTS")).toHaveLength(isLoss ? 1 : 0);
  expect(stdout.includes("VX-VERIFY-DEFAULTS")).toBe(isLoss);
  expect(readFileSync(join(folder.path, "signed/report.md"), "utf8")).toContain("with the engine's settings left alone");
});
