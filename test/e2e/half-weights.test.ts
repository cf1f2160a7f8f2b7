import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { intAttribute, onnxNode, type OnnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { bf16ToNumber, f16ToNumber, numberToBf16, numberToF16 } from "@vlm-export/numerics";
import type { Manifest, Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const HIDDEN = 64;
const VOCABULARY = 96;
/** Bytes of the 16-bit weights. */
const STORED = 2 * (2 * VOCABULARY * HIDDEN + 3 * HIDDEN * HIDDEN);

const node = (opType: string, inputs: readonly string[], output: string): OnnxNode =>
  onnxNode({ opType, name: `/${output}`, inputs, outputs: [output], ...(opType === "Cast" && { attributes: [intAttribute("to", 1)] }) });

type Stored = "f16" | "bf16";
const ROUND = { f16: [numberToF16, f16ToNumber], bf16: [numberToBf16, bf16ToNumber] } as const;

/** Numbers that `stored` holds, as such or (`wide`) in f32. */
function weights(stored: Stored, name: string, [rows, columns]: readonly [number, number], wide = false): ReturnType<typeof onnxTensor> {
  const [round, toNumber] = ROUND[stored];
  let state = name.length;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 33 - 0.25;
  const bits = Uint16Array.from({ length: rows * columns }, () => round(next()));
  const array = wide ? Float32Array.from(bits, toNumber) : bits;
  return onnxTensor(name, wide ? "f32" : stored, [rows, columns], new Uint8Array(array.buffer));
}

/** A decoder whose weights are 16 bits wide (or the same numbers in f32) and read through Casts; `up` is read through two of them. */
async function decoder(dtype: Stored, wide = false): Promise<string> {
  const path = join(folder.path, `${dtype}${wide ? "-wide" : ""}.onnx`);
  const cast = (name: string, i = 0) => node("Cast", [name], `${name}_wide${i}`);
  const model = smallModel({
    name: "decoder",
    inputs: [onnxValue("input_ids", "i64", [1, 8])],
    outputs: [onnxValue("logits", "f32", [1, 8, VOCABULARY])],
    initializers: [
      weights(dtype, "embed", [VOCABULARY, HIDDEN], wide),
      weights(dtype, "q", [HIDDEN, HIDDEN], wide),
      weights(dtype, "up", [HIDDEN, HIDDEN], wide),
      weights(dtype, "down", [HIDDEN, HIDDEN], wide),
      weights(dtype, "lm_head", [HIDDEN, VOCABULARY], wide),
    ],
    nodes: [
      ...["embed", "q", "up", "down", "lm_head"].map((name) => cast(name)),
      cast("up", 1),
      node("Gather", ["embed_wide0", "input_ids"], "e"),
      node("MatMul", ["e", "q_wide0"], "a"),
      node("MatMul", ["a", "up_wide0"], "b"),
      node("Relu", ["b"], "r"),
      node("MatMul", ["r", "up_wide1"], "c"),
      node("MatMul", ["c", "down_wide0"], "d"),
      node("Add", ["d", "e"], "s"),
      node("MatMul", ["s", "lm_head_wide0"], "logits"),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

function exported(
  path: string,
  recipe: string,
  targets: string,
): { readonly report: Report; readonly bytes: (target: string) => number; readonly integers: unknown } {
  const out = join(folder.path, `out-${Math.random().toString(36).slice(2)}`);
  const { code, stderr } = vlmExport([path, "-r", recipe, "-t", targets, "-o", out, "--verify", "run", "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const bytes = (target: string) => readdirSync(join(out, target)).reduce((sum, name) => sum + statSync(join(out, target, name)).size, 0);
  const { targets: written } = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")) as Manifest;
  const integers = written["onnx-qdq"]?.tensors.map(({ value, intSha256, scaleSha256 }) => [value, intSha256, scaleSha256]);
  return { integers, bytes, report: JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report };
}

describe.each(["f16", "bf16"] as const)("a decoder with %s weights behind Casts", (dtype) => {
  let path: string;
  beforeAll(async () => {
    path = await decoder(dtype);
  });

  test.each(["preset:weights-int8", "preset:weights-int4"])(
    "has the integers and scales of the same numbers in f32: %s",
    async (recipe) => {
      const { report, bytes, integers } = exported(path, recipe, "onnx-qdq,tflite");
      expect(report.model!.bytes).toBe(STORED);
      expect(report.plan).toMatchObject({ bytesBefore: STORED, quantizedParameters: STORED / 2 });
      for (const name of ["onnx-qdq", "tflite"]) {
        expect(report.targets[name]).toMatchObject({ status: "ok", proof: { tensorsDifferent: 0 }, engine: { status: "run" } });
        expect(bytes(name)).toBeLessThan(STORED);
      }
      const wide = exported(await decoder(dtype, true), recipe, "onnx-qdq");
      expect(integers).toHaveLength(5);
      expect(integers).toEqual(wide.integers);
      expect(report.targets["onnx-qdq"]!.engine!.cosine).toBeCloseTo(wide.report.targets["onnx-qdq"]!.engine!.cosine!, 6);
    },
  );

  test("keeps its size where nothing is quantized, and every stored weight is proven", () => {
    const recipe = join(folder.path, "float.yaml");
    writeFileSync(recipe, "version: 1\nrules: []\n");
    const { report, bytes } = exported(path, recipe, "onnx-qdq");
    expect(report.plan).toMatchObject({ bytesBefore: STORED, bytesAfter: STORED });
    expect(report.targets["onnx-qdq"]).toMatchObject({
      status: "ok",
      proof: { constantsCompared: 5, constantsDifferent: 0 },
      engine: { status: "run" },
    });
    expect(report.targets["onnx-qdq"]!.engine!.cosine).toBeGreaterThan(0.999999);
    expect(bytes("onnx-qdq")).toBeLessThan(STORED + 4096);
  });
});

test("a weight that is read as f16 and through a Cast is stored once when nothing is quantized, and quantized on each side", async () => {
  const path = join(folder.path, "both.onnx");
  const model = smallModel({
    name: "both",
    inputs: [onnxValue("x", "f32", [2, HIDDEN]), onnxValue("h", "f16", [2, HIDDEN])],
    outputs: [onnxValue("y", "f32", [2, HIDDEN]), onnxValue("z", "f16", [2, HIDDEN])],
    initializers: [weights("f16", "w", [HIDDEN, HIDDEN])],
    nodes: [node("Cast", ["w"], "wide"), node("MatMul", ["x", "wide"], "y"), node("MatMul", ["h", "w"], "z")],
  });
  await writeOnnx(model, path);
  const recipe = join(folder.path, "both.yaml");
  writeFileSync(recipe, "version: 1\nrules: []\n");
  const float = exported(path, recipe, "onnx-qdq");
  expect(float.report.targets["onnx-qdq"]).toMatchObject({ status: "ok", proof: { constantsCompared: 1, constantsDifferent: 0 } });
  expect(float.bytes("onnx-qdq")).toBeLessThan(2 * HIDDEN * HIDDEN + 2048);
  const int8 = exported(path, "preset:weights-int8", "onnx-qdq");
  expect(int8.report.targets["onnx-qdq"]).toMatchObject({ status: "ok", proof: { tensorsCompared: 2, tensorsDifferent: 0 } });
});
