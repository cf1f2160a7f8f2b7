import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { intAttribute, onnxAttribute, onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, installPlugin, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";
import { ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A product, then a recurrent layer whose activation no engine knows. */
async function unknownActivation(): Promise<string> {
  const path = join(folder.path, "unknown-activation.onnx");
  const model = smallModel({
    name: "unknown-activation",
    inputs: [onnxValue("x", "f32", [3, 2, 8])],
    outputs: [onnxValue("y", "f32", [3, 1, 2, 4])],
    initializers: [
      onnxTensor("w", "f32", [8, 8], ramp(64)),
      onnxTensor("wi", "f32", [1, 4, 8], ramp(32)),
      onnxTensor("wr", "f32", [1, 4, 4], ramp(16)),
    ],
    nodes: [
      onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["h"] }),
      onnxNode({
        opType: "RNN",
        inputs: ["h", "wi", "wr"],
        outputs: ["y"],
        attributes: [intAttribute("hidden_size", 4), onnxAttribute("activations", { kind: "strings", value: [Buffer.from("Mystery")] })],
      }),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

/** A product in bf16, for which ONNX Runtime has no kernel on CPUs. */
async function bf16Product(): Promise<string> {
  const path = join(folder.path, "bf16.onnx");
  const model = smallModel({
    name: "bf16",
    inputs: [onnxValue("x", "bf16", [2, 8])],
    outputs: [onnxValue("y", "bf16", [2, 8])],
    initializers: [onnxTensor("w", "bf16", [8, 8], new Uint8Array(Uint16Array.from({ length: 64 }, (_, i) => 0x3f80 + i).buffer))],
    nodes: [onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["y"] })],
  });
  await writeOnnx(model, path);
  return path;
}

const reportIn = (out: string): Report => JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;

test("an artifact that the engine refuses has failed: exit 3, the engine's words, and the files under rejected", async () => {
  const out = join(folder.path, "refused");
  const { code, stdout } = vlmExport([await unknownActivation(), "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", out]);
  expect(code).toBe(3);
  expect(stdout).toMatch(/onnx-qdq +failed .* failed[^]*VX-VERIFY-ONNX-ENGINE/);
  const target = reportIn(out).targets["onnx-qdq"]!;
  expect(target).toMatchObject({ status: "failed", proof: { tensorsDifferent: 0 }, engine: { status: "failed" } });
  expect(target.engine!.reason).toContain("Invalid activation attribute - Mystery");
  expect(readdirSync(join(out, "rejected/onnx-qdq"))).toEqual(["model.onnx"]);
  expect(existsSync(join(out, "onnx-qdq"))).toBe(false);
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain("failed: the artifact does not run");
});

/** A folder with a plugin: target tflite under the name `strict`, whose engine refuses every artifact. */
function projectWithStrictEngine(): string {
  const cwd = join(folder.path, "project");
  installPlugin(
    cwd,
    "strict",
    `import tflite from ${JSON.stringify(join(ROOT, "packages/backend-tflite/dist/index.js"))};
    import { VxError } from ${JSON.stringify(join(ROOT, "packages/ir/dist/index.js"))};
    const finding = { code: "VX-VERIFY-STRICT", severity: "error", message: "not here", where: { stage: "verify" } };
    export default { ...tflite, name: "strict", open() { throw new VxError(finding, { kind: "verify" }); } };`,
  );
  return cwd;
}

test("beside an artifact that its engine refuses the other targets are delivered", () => {
  const cwd = projectWithStrictEngine();
  const args = [CLASSIFIER, "-r", "preset:weights-int8", "-t", "strict", "-t", "onnx-qdq", "-o", "dist", "--quiet"];
  expect(vlmExport(args, { cwd })).toMatchObject({ code: 3, stderr: "" });
  const { targets } = reportIn(join(cwd, "dist"));
  expect([targets["strict"]?.status, targets["onnx-qdq"]?.status]).toEqual(["failed", "ok"]);
  expect(readdirSync(join(cwd, "dist/rejected/strict"))).toEqual(["main.tflite"]);
});

test("an engine without a kernel for a type leaves the artifact proven and not run, with a warning", async () => {
  const out = join(folder.path, "no-kernel");
  const { code } = vlmExport([await bf16Product(), "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", out]);
  expect(code).toBe(0);
  expect(reportIn(out).targets["onnx-qdq"]).toMatchObject({
    status: "ok",
    engine: { status: "not-run", reason: expect.stringContaining("Could not find an implementation for MatMul") },
    diagnostics: [{ code: "VX-TOOL-ONNX-ENGINE", severity: "warning" }],
  });
});

test("int8 inputs and outputs, which the TFLite engine does not take, leave the artifact proven and not run", () => {
  const recipe = join(folder.path, "io-int8.yaml");
  writeFileSync(
    recipe,
    "version: 1\nextends: preset:int8-full\ncalibration: { data: random, samples: 2 }\ntargets: { tflite: { io: int8 } }\n",
  );
  const out = join(folder.path, "io-int8");
  const { code } = vlmExport([CLASSIFIER, "-r", recipe, "-t", "tflite", "-o", out, "--cache", "off"]);
  expect(code).toBe(0);
  expect(reportIn(out).targets["tflite"]).toMatchObject({
    status: "ok",
    proof: { tensorsDifferent: 0 },
    engine: { status: "not-run", reason: expect.stringContaining("Element type INT8 is not supported") },
  });
});

test("an output that is far from the float model's is a warning, in the report and on the terminal", async () => {
  const path = join(folder.path, "far.onnx");
  const dim = Float32Array.from({ length: 64 * 4 }, (_, i) => 1e-6 * Math.sin(i));
  const model = smallModel({
    name: "far",
    inputs: [onnxValue("x", "f32", [2, 64])],
    outputs: [onnxValue("y", "f32", [2, 4])],
    initializers: [onnxTensor("w", "f32", [64, 4], new Uint8Array(dim.buffer))],
    nodes: [onnxNode({ opType: "MatMul", inputs: ["x", "w"], outputs: ["y"] })],
  });
  await writeOnnx(model, path);
  const out = join(folder.path, "far");
  const { code, stdout, stderr } = vlmExport([path, "-r", "preset:weights-int4", "-t", "onnx-qdq", "-o", out]);
  expect(code).toBe(0);
  expect(stderr).toContain("VX-QUANT-SCALE-LIMIT");
  expect(stdout).toContain("onnx-qdq warning: VX-VERIFY-FAR value y: this output has cosine");
  expect(reportIn(out).targets["onnx-qdq"]!.diagnostics).toMatchObject([{ code: "VX-VERIFY-FAR", where: { value: "y" } }]);
});
