import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { intsAttribute, onnxNode, onnxTensor, onnxValue, readOnnxBytes, writeOnnx } from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, i64, npz, smallModel } from "./small-models.js";

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
const [UINT8_CODE, INT8_CODE] = [2, 3];

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
    (dataType === UINT8_CODE || dataType === INT8_CODE) && held.kind === "inline"
      ? [[tensor, { dataType, bytes: held.open().read() }] as const]
      : [],
  );
  const { targets } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  return { target: targets["onnx-qdq"]!, stdout, integers: new Map(integers) };
}

test("unsigned writes int8 as uint8 with the same numbers, proven, and no less exact on the engine's own kernels", () => {
  const [signed, unsigned] = [exported("signed", "{}"), exported("unsigned", "{ signedness: unsigned }")];
  expect(new Set([...signed.integers.values()].map(({ dataType }) => dataType))).toEqual(new Set([INT8_CODE]));
  expect(new Set([...unsigned.integers.values()].map(({ dataType }) => dataType))).toEqual(new Set([UINT8_CODE]));
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

/** What a recipe's rules make of a model of one float input `x`, with nothing set on the engine. */
async function byDefault(name: string, model: Parameters<typeof writeOnnx>[0], rules: string): Promise<Report["targets"][string]> {
  const file = join(folder.path, `${name}.onnx`);
  await writeOnnx(model, file);
  writeFileSync(join(folder.path, `${name}.yaml`), `version: 1\ncalibration: { data: random, samples: 4 }\nrules:\n${rules}`);
  const out = join(folder.path, name);
  const { code, stderr } = vlmExport([file, "-r", join(folder.path, `${name}.yaml`), "-t", "onnx-qdq", "-o", out, "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return (JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report).targets["onnx-qdq"]!;
}

const INT8 = "{ dtype: int8, granularity: tensor, symmetric: false, mode: static, outputs: true }";

test.each([
  ["symmetric", "true"],
  ["asymmetric", "false"],
])("stacks of matrices with %s scales per column run with the engine's own settings", async (name, symmetric) => {
  const stack = smallModel({
    name,
    inputs: [onnxValue("x", "f32", [4, 6, 16])],
    outputs: [onnxValue("y", "f32", [4, 6, 8])],
    initializers: [onnxTensor("w", "f32", [4, 16, 8], waves(512, 1))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({ opType: "Relu", inputs: ["h"], outputs: ["y"] }),
    ],
  });
  const weights = `{ dtype: int8, granularity: channel, symmetric: ${symmetric} }`;
  const rules = `  - { match: { op: MatMul }, weights: ${weights}, activations: ${INT8} }\n`;
  const { proof, engine } = await byDefault(name, stack, rules);
  expect(proof).toMatchObject({ tensorsDifferent: 0, reencodings: { "replicate-scale": 1 } });
  expect(engine!.defaults).toMatchObject({ status: "run" });
});

test("int8 activations beside int4 weights, which need opset 21, run with the engine's own settings", async () => {
  const attention = smallModel({
    name: "attention",
    inputs: [onnxValue("x", "f32", [1, 6, 32])],
    outputs: [onnxValue("y", "f32", [4, 6, 16])],
    initializers: [
      onnxTensor("w", "f32", [32, 32], waves(1024, 1)),
      onnxTensor("b", "f32", [32], waves(32, 2)),
      onnxTensor("v", "f32", [8, 16], waves(128, 3)),
      onnxTensor("heads", "i64", [4], i64([1, 6, 4, 8])),
      onnxTensor("rows", "i64", [3], i64([4, 6, 8])),
    ],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["p"] }),
      onnxNode({ opType: "Add", inputs: ["p", "b"], outputs: ["s"] }),
      onnxNode({ opType: "Reshape", inputs: ["s", "heads"], outputs: ["r"] }),
      onnxNode({ opType: "Transpose", inputs: ["r"], outputs: ["t"], attributes: [intsAttribute("perm", [0, 2, 1, 3])] }),
      onnxNode({ opType: "Reshape", inputs: ["t", "rows"], outputs: ["q"] }),
      onnxNode({ opType: "Softmax", inputs: ["q"], outputs: ["e"] }),
      onnxNode({ opType: "MatMul", inputs: ["e", "v"], outputs: ["y"] }),
    ],
  });
  const weights = "{ dtype: int4, granularity: block, blockSize: 8, symmetric: true, scaleDtype: float32 }";
  const { proof, engine } = await byDefault(
    "attention",
    attention,
    `  - { match: { op: Add }, activations: ${INT8} }\n  - { match: { op: MatMul }, weights: ${weights} }\n`,
  );
  expect(proof).toMatchObject({ tensorsDifferent: 0 });
  expect(proof!.reencodings["sign-shift"]).toBeGreaterThan(0);
  expect(engine!.defaults).toMatchObject({ status: "run" });
});

test("an artifact that the engine does not run with its own settings is a warning with the setting that it runs with", async () => {
  const layer = smallModel({
    name: "blocks",
    inputs: [onnxValue("x", "f32", [4, 16])],
    outputs: [onnxValue("y", "f32", [4, 8])],
    initializers: [onnxTensor("w", "f32", [16, 8], waves(128, 1))],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({ opType: "Relu", inputs: ["h"], outputs: ["y"] }),
    ],
  });
  const weights = "{ dtype: int8, granularity: block, blockSize: 8 }";
  const { status, engine, diagnostics } = await byDefault(
    "blocks",
    layer,
    `  - { match: { op: MatMul }, weights: ${weights}, activations: ${INT8} }\n`,
  );
  expect([status, engine!.status]).toEqual(["ok", "run"]);
  const isRefused = engine!.defaults!.status === "failed"; // by ONNX Runtime 1.30; 1.32 runs it
  const warnings = diagnostics.filter(({ code }) => code === "VX-VERIFY-DEFAULTS");
  expect(warnings.map(({ hint }) => hint?.includes('"session.disable_quant_qdq" to "1"'))).toEqual(isRefused ? [true] : []);
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
