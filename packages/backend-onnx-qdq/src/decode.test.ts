import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Artifact, DecodedTensor, Reencoding } from "@vlm-export/backend-api";
import { graphAttribute, intAttribute, onnxGraph, onnxModel, onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { decodeOnnx } from "./decode.js";
import { keyText } from "./key.js";

const folder = mkdtempSync(join(tmpdir(), "decode-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const floats = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

interface Written {
  readonly scale: readonly number[];
  readonly dims: readonly number[];
  readonly attributes: Readonly<Record<string, number>>;
  /** The scale that a second DequantizeLinear reads. */
  readonly second?: string;
  readonly reencodings?: readonly Reencoding[];
}

/** What is decoded of `w`, int8 [2, 2, 2]. */
async function decoded({ scale, dims, attributes, second, reencodings = [] }: Written): Promise<DecodedTensor> {
  const dequantize = (name: string, output: string) =>
    onnxNode({
      opType: "DequantizeLinear",
      inputs: ["w_quantized", name],
      outputs: [output],
      attributes: Object.entries(attributes).map(([key, value]) => intAttribute(key, value)),
    });
  const graph = onnxGraph({
    name: "g",
    outputs: [onnxValue("w", "f32", [2, 2, 2])],
    initializers: [
      onnxTensor("w_quantized", "i8", [2, 2, 2], new Uint8Array(8)),
      onnxTensor("w_scale", "f32", dims, floats(...scale)),
      onnxTensor("other_scale", "f32", dims, floats(...scale)),
    ],
    nodes: [dequantize("w_scale", "w"), ...(second === undefined ? [] : [dequantize(second, "again")])],
  });
  await writeOnnx(onnxModel({ irVersion: 10, opsetImports: [{ domain: "", version: 21 }], graph }), join(folder, "model.onnx"));
  const artifact: Artifact = {
    backend: "onnx-qdq",
    formatVersion: "",
    dir: folder,
    files: [{ path: "model.onnx", sizeBytes: 0, sha256: "" }],
    tensors: [{ component: "main", value: "w", key: "model.onnx#w_quantized", reencodings }],
    losses: [],
  };
  return decodeOnnx(artifact).tensors[0] as DecodedTensor;
}

test.each<[string, Written, readonly number[] | undefined]>([
  ["one for all", { scale: [1], dims: [], attributes: {} }, undefined],
  ["along an axis", { scale: [1, 2], dims: [2], attributes: { axis: 0 } }, [2, 1, 1]],
  ["along the axis that is meant when none is named", { scale: [1, 2], dims: [2], attributes: {} }, [1, 2, 1]],
  ["along an axis counted from the end", { scale: [1, 2], dims: [2], attributes: { axis: -1 } }, [1, 1, 2]],
  ["in blocks", { scale: [1, 2, 3, 4], dims: [2, 1, 2], attributes: { axis: 1, block_size: 2 } }, [2, 1, 2]],
])("scales %s say which elements they are for", async (_name, written, expected) => {
  expect((await decoded(written)).scaleShape).toEqual(expected);
});

test("operators that give the same integers two meanings are refused by name", async () => {
  const scales = { scale: [1, 2], dims: [2], attributes: { axis: 0 } };
  await expect(decoded({ ...scales, second: "other_scale" })).rejects.toMatchObject({
    diagnostic: { code: "VX-DECODE-ONNX", message: expect.stringContaining('"w" is quantized and dequantized on different terms') },
  });
  expect((await decoded({ ...scales, second: "w_scale" })).scale).toEqual(Float32Array.of(1, 2));
});

test("scales repeated for every matrix are one row again, unless a row differs", async () => {
  const repeated = (...scale: readonly number[]): Written => ({
    scale,
    dims: [2, 1, 2],
    attributes: { axis: 1, block_size: 2 },
    reencodings: ["replicate-scale"],
  });
  expect(await decoded(repeated(1, 2, 1, 2))).toMatchObject({ scale: Float32Array.of(1, 2), scaleShape: [1, 1, 2] });
  const differing = await decoded(repeated(1, 2, 1, 3));
  expect(() => differing.scale).toThrow('"w" has other scales for matrix 1');
});

/** `w` in the main graph and, under `name` with these integers and scale, in the body of an If. */
async function nested(name: string, integers: Uint8Array, scale = 1): Promise<readonly DecodedTensor[]> {
  const dequantize = (prefix: string) =>
    onnxNode({ opType: "DequantizeLinear", inputs: [`${prefix}_quantized`, `${prefix}_scale`], outputs: [`${prefix}_real`] });
  const initializers = (prefix: string, ints: Uint8Array, step: number) => [
    onnxTensor(`${prefix}_quantized`, "i8", [4], ints),
    onnxTensor(`${prefix}_scale`, "f32", [], floats(step)),
  ];
  const body = onnxGraph({
    name: "body",
    outputs: [onnxValue(`${name}_real`, "f32", [4])],
    initializers: initializers(name, integers, scale),
    nodes: [dequantize(name)],
  });
  const graph = onnxGraph({
    name: "g",
    inputs: [onnxValue("c", "bool", [])],
    outputs: [onnxValue("y", "f32", [4])],
    initializers: initializers("w", Uint8Array.of(1, 2, 3, 4), 1),
    nodes: [dequantize("w"), onnxNode({ opType: "If", inputs: ["c"], outputs: ["y"], attributes: [graphAttribute("then_branch", body)] })],
  });
  await writeOnnx(onnxModel({ irVersion: 10, opsetImports: [{ domain: "", version: 21 }], graph }), join(folder, "nested.onnx"));
  return decodeOnnx({
    backend: "onnx-qdq",
    formatVersion: "",
    dir: folder,
    files: [{ path: "nested.onnx", sizeBytes: 0, sha256: "" }],
    tensors: [
      {
        component: "main",
        value: "w",
        key: keyText({ file: "nested.onnx", names: ["w_quantized", `${name}_quantized`] }),
        reencodings: [],
      },
    ],
    losses: [],
  }).tensors;
}

test("copies inside operators are decoded as one value where they are the same", async () => {
  const [tensor, ...others] = await nested("v", Uint8Array.of(1, 2, 3, 4));
  expect([others, tensor?.value, [...(tensor?.ints?.bytes() ?? [])]]).toEqual([[], "w", [1, 2, 3, 4]]);
});

const SAME = Uint8Array.of(1, 2, 3, 4);

test.each<[string, Parameters<typeof nested>, string]>([
  ["other integers", ["v", Uint8Array.of(1, 2, 3, 5)], '"w" is not the same in all graphs that read it'],
  ["another scale", ["v", SAME, 2], '"w" is not the same in all graphs that read it'],
  ["a name of the graph around", ["w", SAME], '"w_quantized" is defined again inside an operator'],
])("a copy inside an operator with %s is refused", async (_, written, message) => {
  await expect(nested(...written)).rejects.toMatchObject({
    diagnostic: { code: "VX-DECODE-ONNX", message: expect.stringContaining(message) },
  });
});
