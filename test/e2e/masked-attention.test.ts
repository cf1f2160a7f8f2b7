import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  floatAttribute,
  intAttribute,
  intsAttribute,
  onnxNode,
  type OnnxAttribute,
  type OnnxNode,
  onnxTensor,
  onnxValue,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, i64, npz, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const [TOKENS, HIDDEN, VOCABULARY] = [8, 32, 48];
const SAMPLES = 4;

/**
 * How the future is masked: by a constant that is added, by one that is chosen, by a model input that is added, or by its logarithm, of
 * which only the samples show that it is a mask.
 */
const FORMS = ["added", "chosen", "input", "computed"] as const;
type Form = (typeof FORMS)[number];

function randoms(count: number, seed: number): number[] {
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: count }, () => next() + next() - 1);
}

const isFuture = Array.from({ length: TOKENS * TOKENS }, (_, i) => i % TOKENS > Math.floor(i / TOKENS));
const maskOf = (masked: number): number[] => isFuture.map((future) => (future ? masked : 0));

const node = (opType: string, inputs: readonly string[], output: string, attributes: readonly OnnxAttribute[] = []): OnnxNode =>
  onnxNode({ opType, name: output, inputs, outputs: [output], attributes });

/** One block of a decoder with a causal mask of `masked`. */
async function decoder(form: Form, masked: number): Promise<string> {
  const path = join(folder.path, `${form}${masked}.onnx`);
  const weight = (name: string, columns: number, seed: number) =>
    onnxTensor(name, "f32", [HIDDEN, columns], f32(randoms(HIDDEN * columns, seed).map((w) => w * 0.4)));
  const addend = form === "computed" ? "logarithm" : "mask";
  const masking = form === "chosen" ? node("Where", ["future", "masked", "scaled"], "logits") : node("Add", ["scaled", addend], "logits");
  const isGiven = form === "input" || form === "computed";
  const model = smallModel({
    name: "decoder",
    inputs: [onnxValue("ids", "i64", [1, TOKENS]), ...(isGiven ? [onnxValue("mask", "f32", [1, TOKENS, TOKENS])] : [])],
    outputs: [onnxValue("scores", "f32", [1, TOKENS, VOCABULARY])],
    initializers: [
      onnxTensor("table", "f32", [VOCABULARY, HIDDEN], f32(randoms(VOCABULARY * HIDDEN, 1).map((w) => w * 2))),
      ...["q", "k", "v", "o", "up", "down"].map((name, i) => weight(`w_${name}`, HIDDEN, i + 2)),
      weight("w_head", VOCABULARY, 9),
      onnxTensor("gain", "f32", [HIDDEN], f32(Array.from({ length: HIDDEN }, () => 1))),
      onnxTensor("scale", "f32", [], f32([HIDDEN ** -0.5])),
      ...(form === "added" ? [onnxTensor("mask", "f32", [1, TOKENS, TOKENS], f32(maskOf(masked)))] : []),
      ...(form === "chosen"
        ? [
            onnxTensor("future", "bool", [1, TOKENS, TOKENS], Uint8Array.from(isFuture, Number)),
            onnxTensor("masked", "f32", [], f32([masked])),
          ]
        : []),
    ],
    nodes: [
      node("Gather", ["table", "ids"], "e"),
      node("LayerNormalization", ["e", "gain"], "n", [floatAttribute("epsilon", 1e-5)]),
      ...["q", "k", "v"].map((name) => node("MatMul", ["n", `w_${name}`], name)),
      node("Transpose", ["k"], "kt", [intsAttribute("perm", [0, 2, 1])]),
      node("MatMul", ["q", "kt"], "products"),
      node("Mul", ["products", "scale"], "scaled"),
      ...(form === "computed" ? [node("Log", ["mask"], "logarithm")] : []),
      masking,
      node("Softmax", ["logits"], "weights", [intAttribute("axis", -1)]),
      node("MatMul", ["weights", "v"], "context"),
      node("MatMul", ["context", "w_o"], "o"),
      node("Add", ["e", "o"], "h"),
      node("MatMul", ["h", "w_up"], "up"),
      node("Relu", ["up"], "r"),
      node("MatMul", ["r", "w_down"], "down"),
      node("Add", ["h", "down"], "s"),
      node("MatMul", ["s", "w_head"], "scores"),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

async function samples(form: Form, masked: number): Promise<string> {
  const path = join(folder.path, `${form}${masked}.jsonl`);
  const lines: string[] = [];
  for (let i = 0; i < SAMPLES; i += 1) {
    const name = `${form}${masked}-${i}.npz`;
    const ids = i64(randoms(TOKENS, 100 + i).map((r) => Math.floor((r + 1) * 0.5 * VOCABULARY)));
    writeFileSync(
      join(folder.path, name),
      await npz({
        ids: { dtype: "i64", shape: [1, TOKENS], data: ids },
        ...((form === "input" || form === "computed") && {
          mask: {
            dtype: "f32" as const,
            shape: [1, TOKENS, TOKENS],
            data: f32(form === "input" ? maskOf(masked) : maskOf(-1).map((m) => m + 1)),
          },
        }),
      }),
    );
    lines.push(JSON.stringify({ tensors: name }));
  }
  writeFileSync(path, lines.join("\n"));
  return path;
}

const CASES = FORMS.flatMap((form) =>
  [Number.NEGATIVE_INFINITY, -3.4028234663852886e38, -10000].map((masked) => [form, masked] as const),
).filter(([form, masked]) => form !== "computed" || !Number.isFinite(masked));

test.each(CASES)("int8-full keeps logits float that a mask is %s to, with %d", async (form, masked) => {
  const out = join(folder.path, `out-${form}${masked}`);
  const args = ["-r", "preset:int8-full", "--calibration", await samples(form, masked), "-t", "onnx-qdq", "-o", out, "--cache", "off"];
  const { code, stderr } = vlmExport([await decoder(form, masked), ...args]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { plan, targets } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  expect(targets["onnx-qdq"]).toMatchObject({ status: "ok", proof: { tensorsDifferent: 0 }, engine: { status: "run" } });
  expect(targets["onnx-qdq"]!.engine!.cosine).toBeGreaterThan(0.995);
  expect(plan.keptValues).toEqual({ mask: form === "input" || form === "computed" ? 2 : 1 });
  // All read integers but the Softmax, whose operand is what stays float.
  expect(plan.nodes - plan.quantizedNodes).toBe(1);
});

test.each(["int8", "int8-full"])("scores that are masked at the model's output are calibrated around: %s", async (preset) => {
  const path = join(folder.path, "suppressed.onnx");
  const suppressed = Array.from({ length: VOCABULARY }, (_, i) => (i < 2 ? Number.NEGATIVE_INFINITY : 0));
  const model = smallModel({
    name: "suppressed",
    inputs: [onnxValue("x", "f32", [4, HIDDEN])],
    outputs: [onnxValue("y", "f32", [4, VOCABULARY])],
    initializers: [
      onnxTensor("w", "f32", [HIDDEN, VOCABULARY], f32(randoms(HIDDEN * VOCABULARY, 5))),
      onnxTensor("suppressed", "f32", [VOCABULARY], f32(suppressed)),
    ],
    nodes: [node("MatMul", ["x", "w"], "m"), node("Add", ["m", "suppressed"], "y")],
  });
  await writeOnnx(model, path);
  const out = join(folder.path, `suppressed-${preset}`);
  const { code, stderr } = vlmExport([
    path,
    "-r",
    `preset:${preset}`,
    "--calibration",
    "random",
    "-t",
    "onnx-qdq",
    "-o",
    out,
    "--cache",
    "off",
  ]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { targets } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  expect(targets["onnx-qdq"]!.engine!.cosine).toBeGreaterThan(0.999);
});
