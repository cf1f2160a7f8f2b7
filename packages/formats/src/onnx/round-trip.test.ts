import fc from "fast-check";
import { onnx } from "onnx-proto";
import { expect, test } from "vitest";
import { findAttribute } from "./attributes.js";
import { intsAttribute, onnxGraph, onnxModel, onnxNode, onnxTensor, onnxValue, textAttribute } from "./build.js";
import { ONNX_DATA_TYPES } from "./data-types.js";
import { bytesOf } from "./file-bytes.fixture.js";
import type { OnnxModel } from "./model.js";
import { readOnnxBytes } from "./read-onnx.js";
import { FULL_MODEL, settled } from "./sample-model.fixture.js";
import { checkTensors, elementBytes } from "./tensor-size.js";
import { tensorsOf } from "./tensors-of.js";

test("every message, attribute kind and data type is read as it was written", async () => {
  const model = readOnnxBytes(await bytesOf(FULL_MODEL));
  checkTensors(model);
  expect(settled(model)).toEqual(settled(FULL_MODEL));
});

test("reading and writing again gives the same bytes", async () => {
  const bytes = await bytesOf(FULL_MODEL);
  expect(await bytesOf(readOnnxBytes(bytes))).toEqual(bytes);
});

const name = fc.oneof(fc.string({ unit: "binary", maxLength: 8 }), fc.constantFrom("__proto__", "constructor", "\u2028", "é".repeat(70)));
const dtype = fc.constantFrom(...ONNX_DATA_TYPES.filter(({ bits }) => bits > 0));
const tensor = fc.tuple(name, dtype, fc.array(fc.nat(4), { maxLength: 3 }), fc.nat(255)).map(([label, row, dims, fill]) => {
  const byteLength = elementBytes({ name: label, dims, dataType: row.code });
  return onnxTensor(label, row.dtype, dims, new Uint8Array(byteLength).fill(fill));
});
const node = fc
  .tuple(name, name, fc.array(name, { maxLength: 3 }), fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { maxLength: 4 }))
  .map(([opType, domain, inputs, ints]) =>
    onnxNode({ opType, domain, inputs, outputs: inputs, attributes: [intsAttribute("ints", ints), textAttribute("text", domain)] }),
  );
const shape = fc.array(
  fc.oneof(
    fc.nat(2 ** 31),
    name.filter((text) => text !== ""),
    fc.constant(undefined),
  ),
  { maxLength: 4 },
);
const anyModel: fc.Arbitrary<OnnxModel> = fc
  .tuple(
    fc.array(node, { maxLength: 4 }),
    fc.array(tensor, { maxLength: 4 }),
    fc.array(fc.tuple(name, shape), { maxLength: 3 }),
    fc.dictionary(name, name),
  )
  .map(([nodes, initializers, inputs, metadata]) =>
    onnxModel({
      irVersion: 10,
      opsetImports: [{ domain: "", version: 21 }],
      metadata: new Map(Object.entries(metadata)),
      graph: onnxGraph({ name: "g", nodes, initializers, inputs: inputs.map(([label, dims]) => onnxValue(label, "f32", dims)) }),
    }),
  );

test("any model is read as it was written", async () => {
  await fc.assert(
    fc.asyncProperty(anyModel, async (model) => {
      expect(settled(readOnnxBytes(await bytesOf(model)))).toEqual(settled(model));
    }),
    { numRuns: 100 },
  );
});

test("an independent reader sees the same nodes, types and bytes", async () => {
  await fc.assert(
    fc.asyncProperty(anyModel, async (model) => {
      const seen = onnx.ModelProto.decode(await bytesOf(model));
      const { nodes, initializers, inputs } = model.graph;
      expect(Number(seen.irVersion)).toBe(10);
      expect(seen.graph?.node?.map((item) => [item.opType, item.domain, item.input])).toEqual(
        nodes.map((item) => [item.opType, item.domain, item.inputs]),
      );
      expect(seen.graph?.node?.map((item) => item.attribute?.[0]?.ints?.map(String))).toEqual(nodes.map(intsOf));
      expect(seen.graph?.initializer?.map((item) => [item.name, item.dataType, item.dims?.map(Number)])).toEqual(
        initializers.map((item) => [item.name, item.dataType, item.dims]),
      );
      expect(seen.graph?.initializer?.map((item) => Buffer.from(item.rawData ?? []).toString("hex"))).toEqual(
        initializers.map(({ data }) => (data.kind === "bytes" ? Buffer.from(data.bytes).toString("hex") : data.kind)),
      );
      expect(seen.graph?.input?.map((item) => item.type?.tensorType?.shape?.dim?.length)).toEqual(
        inputs.map(({ type }) => (type?.kind === "tensor" ? type.shape?.length : undefined)),
      );
    }),
    { numRuns: 60 },
  );
});

function intsOf(item: OnnxModel["graph"]["nodes"][number]): readonly string[] {
  const attribute = findAttribute(item, "ints");
  return attribute?.kind === "ints" ? attribute.value.map(String) : [];
}

test("what an independent writer wrote is read", () => {
  const bytes = onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 17 }],
    graph: {
      name: "g",
      node: [{ opType: "Add", input: ["a", "b"], output: ["c"], attribute: [{ name: "axes", type: 7, ints: [1, -2] }] }],
      initializer: [{ name: "a", dataType: 1, dims: [2], floatData: [1.5, -2] }],
    },
  }).finish();
  const model = readOnnxBytes(bytes);
  expect(model.graph.nodes[0]).toMatchObject({ opType: "Add", inputs: ["a", "b"], attributes: [{ kind: "ints", value: [1n, -2n] }] });
  expect(settled(model.graph.initializers[0])).toMatchObject({ name: "a", dims: [2], data: "0000c03f000000c0" });
});

test("subgraphs are passed on byte for byte, unknown fields included", async () => {
  const bytes = await bytesOf(FULL_MODEL);
  const model = readOnnxBytes(bytes);
  const [conditional] = model.graph.nodes;
  if (conditional === undefined) throw new Error("the model has a node");
  const raw = Uint8Array.of(0x12, 1, 0x67, 0xf8, 0x7f, 5); // name "g", then field 2047, which no schema has
  const attribute = {
    name: "then_branch",
    docString: "",
    kind: "graph",
    value: { graph: onnxGraph({ name: "g" }), raw: { ...readerOf(raw) } },
  } as const;
  const changed = { ...model, graph: { ...model.graph, nodes: [{ ...conditional, attributes: [attribute] }] } };
  const written = Buffer.from(await bytesOf(changed));
  expect(written.includes(Buffer.from(raw))).toBe(true);
});

function readerOf(bytes: Uint8Array) {
  return {
    byteLength: bytes.byteLength,
    origin: undefined,
    read: () => bytes,
    readInto: (target: Uint8Array) => target.set(bytes),
    slice: () => readerOf(bytes),
  };
}

test("all tensors are found, those in attributes and subgraphs too", () => {
  const names = [...tensorsOf(FULL_MODEL)].map((item) => item.name);
  expect(names.filter((item) => item.startsWith("t-"))).toHaveLength(ONNX_DATA_TYPES.length);
  expect(names.filter((item) => item === "values")).toHaveLength(3);
  expect(names).toContain("a");
  expect(names).toHaveLength(ONNX_DATA_TYPES.length + 6 + 3 + 1 + 2);
});
