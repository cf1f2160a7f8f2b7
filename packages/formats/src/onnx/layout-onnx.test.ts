import { expect, test } from "vitest";
import { memoryRange } from "../files/index.js";
import { codeOf } from "../files/temporary-folder.fixture.js";
import { graphAttribute, onnxGraph, onnxModel, onnxNode, onnxTensor } from "./build.js";
import { contentOf } from "./file-bytes.fixture.js";
import { layoutOnnx, type OnnxLayoutOptions } from "./layout-onnx.js";
import type { OnnxModel, OnnxTensor, OnnxTensorData } from "./model.js";
import { readOnnxBytes } from "./read-onnx.js";
import { counting, FULL_MODEL } from "./sample-model.fixture.js";

const EXTERNAL: OnnxLayoutOptions = { externalFileName: "model.onnx_data" };
const MIB = 1024 * 1024;

function modelOf(initializers: readonly OnnxTensor[]): OnnxModel {
  return onnxModel({ irVersion: 10, opsetImports: [{ domain: "", version: 21 }], graph: onnxGraph({ name: "g", initializers }) });
}

/** A tensor whose bytes are made in chunks of the given sizes. */
function streamed(name: string, byteLength: number, chunks: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>): OnnxTensor {
  return onnxTensor(name, "i8", [byteLength], { kind: "stream", byteLength, chunks });
}

async function placesOf(model: OnnxModel): Promise<readonly string[]> {
  const files = layoutOnnx(model, EXTERNAL);
  const last = files.at(-1);
  if (last === undefined) throw new Error("a layout has a model file");
  const { graph } = readOnnxBytes(await contentOf(last));
  return graph.initializers.map(({ name, data }) =>
    data.kind === "external" ? `${name} ${data.offset}+${data.length}` : `${name} ${data.kind}`,
  );
}

test("tensors of 1 KiB go out, at multiples of 4 KiB, and of 64 KiB above 1 MiB", async () => {
  const sizes = [1023, 1024, 5000, MIB, MIB + 1, 2000, MIB + 1];
  const places = await placesOf(modelOf(sizes.map((size, i) => onnxTensor(`${i}`, "i8", [size], new Uint8Array(size)))));
  const sixth = 8192 + 4096 + MIB;
  const big = Math.ceil(sixth / 65536) * 65536;
  const next = Math.ceil((big + MIB + 1) / 4096) * 4096;
  expect(places).toEqual([
    "0 inline",
    "1 0+1024",
    "2 4096+5000",
    `3 12288+${MIB}`,
    `4 ${big}+${MIB + 1}`,
    `5 ${next}+2000`,
    `6 ${Math.ceil((next + 2000) / 65536) * 65536}+${MIB + 1}`,
  ]);
});

test("the external file holds the bytes at their places, and zeros between", async () => {
  const [a, b] = [counting(3000), counting(1500)];
  const model = modelOf([onnxTensor("a", "i8", [3000], a), streamed("b", 1500, () => [b.subarray(0, 1), b.subarray(1, 1), b.subarray(1)])]);
  const [data] = layoutOnnx(model, EXTERNAL);
  const expected = new Uint8Array(4096 + 1500);
  expected.set(a);
  expected.set(b, 4096);
  expect(data?.name).toBe("model.onnx_data");
  expect(data?.byteLength).toBe(expected.byteLength);
  expect(data && (await contentOf(data))).toEqual(expected);
});

test("tensors that share their data share their place", async () => {
  const data: OnnxTensorData = { kind: "bytes", bytes: counting(2048) };
  expect(await placesOf(modelOf([onnxTensor("a", "i8", [2048], data), onnxTensor("b", "i8", [2048], data)]))).toEqual([
    "a 0+2048",
    "b 0+2048",
  ]);
});

test("initializers of subgraphs go out too, attributes of nodes do not", async () => {
  const inner = onnxGraph({ name: "inner", initializers: [onnxTensor("x", "i8", [4000], counting(4000))] });
  const node = onnxNode({ opType: "If", inputs: [], outputs: [], attributes: [graphAttribute("then_branch", inner)] });
  const model = { ...modelOf([]), graph: onnxGraph({ name: "g", nodes: [node] }) };
  expect(layoutOnnx(model, EXTERNAL).map(({ name }) => name)).toEqual(["model.onnx_data", "model.onnx"]);
});

test("sizes are as announced, and same models give same bytes", async () => {
  for (const options of [{}, { ...EXTERNAL, externalThresholdBytes: 1 }]) {
    const once = await Promise.all(layoutOnnx(FULL_MODEL, options).map(contentOf));
    const twice = await Promise.all(layoutOnnx(FULL_MODEL, options).map(contentOf));
    expect(once).toEqual(twice);
    expect(layoutOnnx(FULL_MODEL, options).map(({ byteLength }) => byteLength)).toEqual(once.map((bytes) => bytes.byteLength));
  }
});

test.each([
  ["fewer", [new Uint8Array(1000)], /expected 2000 bytes of data, got only 1000/],
  ["more", [new Uint8Array(2000), new Uint8Array(1)], /expected 2000 bytes of data, got 2001/],
])("a stream of %s bytes than announced is refused", async (_, chunks, message) => {
  const [data] = layoutOnnx(modelOf([streamed("w", 2000, () => chunks)]), EXTERNAL);
  await expect(data && contentOf(data)).rejects.toMatchObject({ code: "VX-EMIT-ONNX-PAYLOAD", message: expect.stringMatching(message) });
});

test.each([
  ["bytes", onnxTensor("w", "f32", [3], new Uint8Array(11)), /needs 12 bytes, but has 11/],
  ["a stream", onnxTensor("w", "f32", [3], { kind: "stream", byteLength: 11, chunks: () => [] }), /expected 12 bytes of data, got only 11/],
  ["strings", onnxTensor("w", "string", [2], { kind: "strings", strings: () => [] }), /holds 0 strings/],
  ["bytes for strings", onnxTensor("w", "string", [0], new Uint8Array(0)), /is of type STRING but its data is bytes/],
])("a tensor with %s of another size than its shape is refused", (_, tensor, message) => {
  expect(() => layoutOnnx(modelOf([tensor]))).toThrow(message);
});

test("a model file of 2 GiB is refused with the way out, and fits with an external file", () => {
  const model = modelOf([streamed("w", 2 ** 31, () => [])]);
  expect(codeOf(() => layoutOnnx(model))).toBe("FormatError VX-EMIT-ONNX-TOO-LARGE");
  expect(() => layoutOnnx(model)).toThrow(/2147483\d+ bytes; protobuf ends below 2147483648/);
  expect(layoutOnnx(model, EXTERNAL).map(({ byteLength }) => byteLength > 2 ** 31)).toEqual([false, false]);
  expect(layoutOnnx(modelOf([streamed("w", 6 * 2 ** 30, () => [])]), EXTERNAL)[0]?.byteLength).toBe(6 * 2 ** 30);
});

test.each(["", ".", "..", "a/b", "a\\b", "c:x", "a\0", "model.onnx"])("the external file name %j is refused", (externalFileName) => {
  const model = modelOf([onnxTensor("w", "i8", [2000], new Uint8Array(2000))]);
  expect(codeOf(() => layoutOnnx(model, { externalFileName }))).toBe("FormatError VX-EMIT-ONNX-INVALID");
  expect(() => layoutOnnx(model, { externalFileName })).toThrow("must be a plain file name");
});

test("external data is left where it is if asked for", async () => {
  const range = memoryRange(counting(2000));
  const data: OnnxTensorData = {
    kind: "external",
    location: "old.bin",
    offset: 4096,
    length: 2000,
    checksum: undefined,
    open: () => range,
  };
  const model = modelOf([onnxTensor("w", "i8", [2000], data), onnxTensor("v", "i8", [1], counting(1))]);
  const [file, ...others] = layoutOnnx(model, { keepExternal: true });
  expect(others).toEqual([]);
  const back = readOnnxBytes(file ? await contentOf(file) : new Uint8Array(0));
  expect(back.graph.initializers.map((tensor) => tensor.data)).toMatchObject([
    { kind: "external", location: "old.bin", offset: 4096, length: 2000 },
    { kind: "inline" },
  ]);
});
