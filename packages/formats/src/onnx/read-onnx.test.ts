import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilePool, FormatError } from "../files/index.js";
import { codeOf, temporaryFolders } from "../files/temporary-folder.fixture.js";
import { encodeMessage } from "./encode-small.js";
import type { OnnxLimits } from "./limits.js";
import { readOnnx, readOnnxBytes } from "./read-onnx.js";

const newFolder = temporaryFolders();

/** A length-delimited field. */
function field(number: number, content: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.concat([varint(number * 8 + 2), varint(content.byteLength), content]));
}

function varint(value: number): Uint8Array {
  const bytes = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.from([...bytes, rest]);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** A model of IR version 10 whose GraphProto is these bytes. */
function modelOf(...graph: readonly Uint8Array[]): Uint8Array {
  return joined(Uint8Array.of(8, 10), field(7, joined(...graph)));
}

function nodeOf(fields: object): Uint8Array {
  return field(1, encodeMessage("NodeProto", fields));
}

function errorOf(bytes: Uint8Array, limits: Partial<OnnxLimits> = {}): string {
  try {
    readOnnxBytes(bytes, { limits });
  } catch (error) {
    if (error instanceof FormatError) return `${error.code} ${error.offset}: ${error.message}`;
    throw error;
  }
  return "no error";
}

test.each([
  [
    "a field that ends after the file",
    Uint8Array.of(0x3a, 5, 0),
    /^VX-IMPORT-ONNX-TRUNCATED 0: Field 7 of 5 bytes at byte 0 goes past byte 3/,
  ],
  ["a field that ends after its message", modelOf(Uint8Array.of(0x0a, 9)), /^VX-IMPORT-ONNX-TRUNCATED 4: Field 1 of 9 bytes/],
  ["a length of 2^63", Uint8Array.of(0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f), /^VX-IMPORT-ONNX-TRUNCATED 0/],
  ["a number that is cut short", Uint8Array.of(8, 0x80), /^VX-IMPORT-ONNX-TRUNCATED 0: The number/],
  ["a number of 11 bytes", Uint8Array.of(8, ...Array.from({ length: 11 }, () => 0x80)), /^VX-IMPORT-ONNX-WIRE 0: .* more than 10 bytes/],
  ["a group", Uint8Array.of(0x0b), /^VX-IMPORT-ONNX-WIRE 0: .* field 1 has the wire type 3/],
  ["the end of a group", Uint8Array.of(0x0c), /wire type 4/],
  ["wire type 6", Uint8Array.of(0x0e), /wire type 6/],
  ["field number 0", Uint8Array.of(0x02, 0), /this is no field tag/],
  ["a field number beyond 2^29", Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10), /this is no field tag/],
  ["text where a message is expected", joined(Uint8Array.of(8, 10), Uint8Array.of(0x38, 1)), /field 7 has the wire type 0; expected 2/],
  ["a fixed number that is cut short", Uint8Array.of(0x0d, 0, 0), /^VX-IMPORT-ONNX-TRUNCATED 0: Field 1/],
])("%s is refused with its place", (_, bytes, message) => {
  expect(errorOf(bytes)).toMatch(message);
});

test("unknown fields of every wire type are skipped", () => {
  const unknown = joined(
    Uint8Array.of(0xa0, 0x7d, 5),
    Uint8Array.of(0xa5, 0x7d, 0, 0, 0, 0),
    Uint8Array.of(0xa1, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0),
    field(2004, Uint8Array.of(1)),
  );
  const model = readOnnxBytes(joined(unknown, modelOf(unknown, nodeOf({ opType: "Relu" }))));
  expect(model.graph.nodes.map(({ opType }) => opType)).toEqual(["Relu"]);
});

test.each([0, 1, 2, 15, 1000])("IR version %d is refused", (version) => {
  expect(errorOf(joined(Uint8Array.of(8), varint(version), field(7, new Uint8Array(0))))).toMatch("VX-IMPORT-ONNX-IR-VERSION");
});

test("an empty file and a model without graph are told apart", () => {
  expect(errorOf(new Uint8Array(0))).toMatch("The model has no IR version; is this an ONNX file?");
  expect(errorOf(Uint8Array.of(8, 10))).toMatch("VX-IMPORT-ONNX-NO-GRAPH");
});

test("a Git LFS pointer is recognized", () => {
  const path = join(newFolder(), "model.onnx");
  writeFileSync(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
  const pool = new FilePool();
  expect(codeOf(() => readOnnx(path, pool))).toBe("FormatError VX-IMPORT-ONNX-LFS-POINTER");
  pool.close();
});

test("a message field that occurs twice is refused", () => {
  expect(errorOf(joined(modelOf(), field(7, new Uint8Array(0))))).toMatch(
    "VX-IMPORT-ONNX-DUPLICATE 4: ModelProto has the field graph twice.",
  );
  const type = field(2, new Uint8Array(0));
  expect(errorOf(modelOf(field(11, joined(type, type))))).toMatch("ValueInfoProto has the field type twice");
});

test("of a number or text that occurs twice the last counts", () => {
  const model = readOnnxBytes(joined(Uint8Array.of(8, 3), modelOf(field(2, Buffer.from("a")), field(2, Buffer.from("b")))));
  expect([model.irVersion, model.graph.name]).toEqual([10, "b"]);
});

test("names must be UTF-8; words for people need not be", () => {
  const latin = Uint8Array.of(0x63, 0xe9);
  expect(errorOf(modelOf(field(2, latin)))).toMatch(/^VX-IMPORT-ONNX-UTF8 6: The text at byte 6/);
  expect(readOnnxBytes(modelOf(field(10, latin))).graph.docString).toBe("c\ufffd");
});

test("names of objects survive as they are, also as keys", () => {
  const names = ["__proto__", "constructor", "toString", "\u202eltr", "a\0b", ""];
  const model = readOnnxBytes(
    modelOf(...names.map((name) => nodeOf({ name, opType: name, input: names, metadataProps: [{ key: name, value: "v" }] }))),
  );
  expect(model.graph.nodes.map(({ name }) => name)).toEqual(names);
  expect(model.graph.nodes.map(({ metadata }) => [...metadata.keys()][0])).toEqual(names);
  expect(model.graph.nodes[0]?.inputs).toEqual(names);
});

test("texts longer than the window of the reader, and across its edge, are whole", () => {
  const long = "é".repeat(100_000);
  const names = Array.from({ length: 3000 }, (_, i) => `name-${i}-${"x".repeat(i % 50)}`);
  const model = readOnnxBytes(
    joined(
      modelOf(...names.map((name) => nodeOf({ name }))),
      field(14, encodeMessage("StringStringEntryProto", { key: "k", value: long })),
    ),
  );
  expect(model.graph.nodes.map(({ name }) => name)).toEqual(names);
  expect(model.metadata.get("k")).toBe(long);
});

/** Graphs inside attributes inside nodes, this many deep. */
function nested(depth: number): Uint8Array {
  let graph: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < depth; i += 1)
    graph = field(1, field(5, joined(field(1, Buffer.from("g")), Uint8Array.of(0xa0, 1, 5), field(6, graph))));
  return graph;
}

test("messages inside each other are limited", () => {
  expect(readOnnxBytes(modelOf(nested(32))).graph.nodes).toHaveLength(1);
  expect(errorOf(modelOf(nested(1000)))).toMatch(/^VX-IMPORT-ONNX-LIMIT \d+: More than 100 messages inside each other/);
});

test("types inside each other are limited", () => {
  let type: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < 500; i += 1) type = field(4, field(1, type));
  expect(errorOf(modelOf(field(11, field(2, type))))).toMatch("VX-IMPORT-ONNX-LIMIT");
});

test.each([
  [{ nodes: 2 }, /More than 2 nodes/],
  [{ messages: 4 }, /More than 4 messages\./],
  [{ elements: 5 }, /More than 5 fields and list elements/],
  [{ nameBytes: 3 }, /More than 3 bytes in a name/],
])("the limit %j is kept", (limits, message) => {
  const bytes = modelOf(nodeOf({ opType: "Relu" }), nodeOf({ opType: "Relu" }), nodeOf({ opType: "Relu" }));
  expect(errorOf(bytes)).toBe("no error");
  expect(errorOf(bytes, limits)).toMatch(message);
});

test("a name of 1 MB is refused", () => {
  expect(errorOf(modelOf(nodeOf({ name: "x".repeat(1_000_000) })))).toMatch("More than 65536 bytes in a name");
});

const attributes: readonly (readonly [string, object, RegExp])[] = [
  ["no type and no value", { name: "a" }, /"a" has neither type nor value/],
  ["an unknown type", { name: "a", type: 99 }, /has the unknown type 99; expected 1 to 14/],
  ["a value of another type", { name: "a", type: 2, f: 1 }, /is of type int but has a value of type float/],
  ["values of two types", { name: "a", i: 1, ints: [1] }, /has a value of type/],
  ["a tensor type without tensor", { name: "a", type: 4 }, /of type tensor has no value/],
];

test.each(attributes)("an attribute with %s is refused", (_, attribute, message) => {
  expect(errorOf(modelOf(nodeOf({ opType: "X", attribute: [attribute] })))).toMatch(/^VX-IMPORT-ONNX-ATTRIBUTE/);
  expect(errorOf(modelOf(nodeOf({ opType: "X", attribute: [attribute] })))).toMatch(message);
});

test("an attribute that occurs twice is refused", () => {
  const attribute = [
    { name: "axis", type: 2, i: 0 },
    { name: "b", type: 2 },
    { name: "axis", type: 2, i: 1 },
  ];
  expect(errorOf(modelOf(nodeOf({ name: "n", opType: "X", attribute })))).toMatch('Attribute "axis" occurs twice in node "n".');
});

test("an attribute without type takes it from its value, and an absent number is 0", () => {
  const attribute = [
    { name: "a", f: 1.5 },
    { name: "b", type: 2 },
    { name: "c", type: 7 },
  ];
  const [node] = readOnnxBytes(modelOf(nodeOf({ attribute }))).graph.nodes;
  expect(node?.attributes.map(({ kind, value }) => [kind, value])).toEqual([
    ["float", 1.5],
    ["int", 0n],
    ["ints", []],
  ]);
});

test("ints are read packed and one by one", () => {
  const packed = joined(
    field(1, Buffer.from("a")),
    Uint8Array.of(0xa0, 1, 7),
    field(8, joined(varint(1), varint(300))),
    Uint8Array.of(0x40, 7),
  );
  const [node] = readOnnxBytes(modelOf(field(1, field(5, packed)))).graph.nodes;
  expect(node?.attributes[0]?.value).toEqual([1n, 300n, 7n]);
});
