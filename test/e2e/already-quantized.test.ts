import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  intAttribute,
  intsAttribute,
  onnxNode,
  type OnnxNode,
  onnxTensor,
  onnxValue,
  readOnnxBytes,
  writeOnnx,
} from "@vlm-export/formats/onnx";
import type { Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder, vlmExport } from "./run-cli.js";
import { f32, ramp, smallModel } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CHANNELS = 8;
/** Int8 in 7 bits: products of 8 bits saturate in the integer kernels that run the source on some processors. */
const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, (_, i) => ((i * 37 + 11) % 128) - 64);
const pads = intsAttribute("pads", [1, 1, 1, 1]);

/** `name_q` and `name_dq`: a u8 pair around a value, as quantize_static of ONNX Runtime leaves it. */
function pair(name: string): readonly OnnxNode[] {
  const qparams = [`${name}_scale`, `${name}_zero`];
  return [
    onnxNode({ opType: "QuantizeLinear", inputs: [name, ...qparams], outputs: [`${name}_q`] }),
    onnxNode({ opType: "DequantizeLinear", inputs: [`${name}_q`, ...qparams], outputs: [`${name}_dq`] }),
  ];
}

const qparamsOf = (name: string, scale: number, zero: number): readonly ReturnType<typeof onnxTensor>[] => [
  onnxTensor(`${name}_scale`, "f32", [], f32([scale])),
  onnxTensor(`${name}_zero`, "u8", [], Uint8Array.of(zero)),
];

/** Two convolutions in QDQ form (int8 weights per channel, int32 bias), then a Gemm: in QDQ form too, or still in float. */
async function qdqModel(gemm: "qdq" | "float"): Promise<string> {
  const path = join(folder.path, `${gemm}.onnx`);
  const scales = Array.from({ length: CHANNELS }, (_, i) => 0.002 + i * 0.0003);
  const weight = (name: string, axis: number): OnnxNode =>
    onnxNode({ opType: "DequantizeLinear", inputs: [`${name}_q`, `${name}_s`], outputs: [name], attributes: [intAttribute("axis", axis)] });
  const model = smallModel({
    name: "qdq",
    inputs: [onnxValue("x", "f32", [1, 3, 8, 8])],
    outputs: [onnxValue("y", "f32", [1, 4])],
    initializers: [
      onnxTensor("w1_q", "i8", [CHANNELS, 3, 3, 3], bytes(CHANNELS * 27)),
      onnxTensor("w1_s", "f32", [CHANNELS], f32(scales)),
      onnxTensor("b1_q", "i32", [CHANNELS], new Uint8Array(Int32Array.from(scales, (_, i) => 90 * i - 200).buffer)),
      onnxTensor("b1_s", "f32", [CHANNELS], f32(scales.map((scale) => scale / 64))),
      onnxTensor("w2_q", "i8", [CHANNELS, CHANNELS, 3, 3], bytes(CHANNELS * CHANNELS * 9)),
      onnxTensor("w2_s", "f32", [CHANNELS], f32(scales)),
      onnxTensor("w3_q", "i8", [CHANNELS, 4], bytes(CHANNELS * 4)),
      onnxTensor("w3_s", "f32", [4], f32([0.01, 0.02, 0.015, 0.01])),
      onnxTensor("w3", "f32", [CHANNELS, 4], ramp(CHANNELS * 4)),
      ...qparamsOf("x", 1 / 64, 128),
      ...qparamsOf("r1", 1 / 32, 0),
      ...qparamsOf("c2", 1 / 8, 120),
    ].filter(({ name }) => (gemm === "qdq" ? name !== "w3" : !name.startsWith("w3_"))),
    nodes: [
      ...pair("x"),
      weight("w1", 0),
      weight("b1", 0),
      onnxNode({ opType: "Conv", inputs: ["x_dq", "w1", "b1"], outputs: ["c1"], attributes: [pads] }),
      onnxNode({ opType: "Relu", inputs: ["c1"], outputs: ["r1"] }),
      ...pair("r1"),
      weight("w2", 0),
      onnxNode({ opType: "Conv", inputs: ["r1_dq", "w2"], outputs: ["c2"], attributes: [pads] }),
      ...pair("c2"),
      onnxNode({ opType: "GlobalAveragePool", inputs: ["c2_dq"], outputs: ["p"] }),
      onnxNode({ opType: "Flatten", inputs: ["p"], outputs: ["f"] }),
      ...(gemm === "qdq" ? [weight("w3", 1)] : []),
      onnxNode({ opType: "Gemm", inputs: ["f", "w3"], outputs: ["y"] }),
    ],
  });
  await writeOnnx(model, path);
  return path;
}

/** Operators of the exported model. */
function exported(
  path: string,
  preset: string,
): { readonly report: Report; readonly count: (op: string) => number; readonly markdown: string } {
  const out = join(folder.path, `out-${Math.random().toString(36).slice(2)}`);
  const data = preset === "weights-int8" ? [] : ["--calibration", "random"];
  const { code, stderr } = vlmExport([path, "-r", `preset:${preset}`, ...data, "-t", "onnx-qdq", "-o", out, "--cache", "off"]);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining("warning VX-QUANT-ALREADY-QUANTIZED") });
  const { graph } = readOnnxBytes(readFileSync(join(out, "onnx-qdq/model.onnx")));
  return {
    report: JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report,
    markdown: readFileSync(join(out, "report.md"), "utf8"),
    count: (op) => graph.nodes.filter(({ opType }) => opType === op).length,
  };
}

describe.each(["int8", "weights-int8"])("preset:%s", (preset) => {
  let whole: string;
  let partial: string;
  beforeAll(async () => {
    [whole, partial] = [await qdqModel("qdq"), await qdqModel("float")];
  });

  test("a model in QDQ form keeps its integers: no pair is added, and the report says so", () => {
    const { report, count, markdown } = exported(whole, preset);
    expect(report.targets["onnx-qdq"]).toMatchObject({ status: "ok", engine: { status: "run" } });
    expect(report.targets["onnx-qdq"]!.engine!.cosine).toBeGreaterThan(0.999);
    // One pair per activation and one DequantizeLinear per weight and bias, as in the source; the float input of the Gemm gets pairs before and behind the Flatten.
    const added = preset === "int8" ? 2 : 0;
    expect([count("QuantizeLinear"), count("DequantizeLinear")]).toEqual([3 + added, 7 + added]);
    expect(report.plan).toMatchObject({ quantizedParameters: 0, keptValues: { "already quantized": 7 } });
    expect(markdown).toMatch(/kept as they are: 7 values \(already quantized\)[^]*warning VX-QUANT-ALREADY-QUANTIZED/);
  });

  test("what is still float of a partly quantized model is quantized", () => {
    const { report, count } = exported(partial, preset);
    expect(report.targets["onnx-qdq"]!.engine!.cosine).toBeGreaterThan(0.999);
    const added = preset === "int8" ? 2 : 0;
    expect([count("QuantizeLinear"), count("DequantizeLinear")]).toEqual([3 + added, 7 + added]);
    expect(report.plan).toMatchObject({ quantizedParameters: CHANNELS * 4, keptValues: { "already quantized": 6 } });
  });
});

test("a model in which nothing more is quantized gives exactly what it gave", async () => {
  const { report } = exported(await qdqModel("qdq"), "weights-int8");
  expect(report.targets["onnx-qdq"]!.engine).toMatchObject({ sqnrDb: null, maxAbsError: 0 });
});
