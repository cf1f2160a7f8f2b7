import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FilePool } from "@vlm-export/formats/files";
import {
  floatAttribute,
  graphAttribute,
  intAttribute,
  intsAttribute,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxModel,
  onnxGraph,
  onnxNode,
  onnxTensor,
  onnxValue,
  textAttribute,
} from "@vlm-export/formats/onnx";
import { type Graph, type Node, onlyComponent, type SubgraphAttr } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { afterAll, expect, test } from "vitest";
import { importOnnx } from "../index.js";
import { errorOf, foreign, Imports, node, x, y } from "./import.fixture.js";

const imports = new Imports();
afterAll(() => imports.close());

const ops = standardOps();
const f32 = (name: string, values: readonly number[], dims: readonly number[] = [values.length]) =>
  onnxTensor(name, "f32", dims, new Uint8Array(Float32Array.from(values).buffer));

test("nodes get types, names and origins; Constant nodes become constants", async () => {
  const nodes = [node("Constant", [], ["c"], [floatAttribute("value_float", 2)]), { ...node("Mul", ["x", "c"], ["y"]), name: "scale" }];
  expect(await imports.textOf({ nodes })).toEqual([
    "input %x: f32[2, n]",
    'const %c: f32[] = f32[] "AAAAQA=="',
    '%y: f32[2, n] = Mul(%x, %c) name "scale"',
    "return %y",
  ]);
});

test("nodes in any order are put in one that can run, and nodes without names get one", async () => {
  const graph = onlyComponent(await imports.imported({ nodes: [node("Neg", ["a"], ["y"]), node("Abs", ["x"], ["a"])] }));
  expect(graph.nodes.map(({ op, name }) => [op, name])).toEqual([
    ["Abs", "Abs_0"],
    ["Neg", "Neg_1"],
  ]);
});

test("weights stay ranges of the file that they are in", async () => {
  const weights = Array.from({ length: 2000 }, (_, i) => i);
  const path = await imports.fileOf(
    { nodes: [node("Add", ["x", "w"], ["y"])], initializers: [f32("w", weights)] },
    {},
    { externalFileName: "w.data" },
  );
  const model = await importOnnx(path, { ops, pool: imports.pool });
  const data = onlyComponent(model).value("w")?.data;
  expect(data?.file).toEqual({ path: join(imports.folder, "w.data"), offset: 0 });
  expect([...new Float32Array(data?.bytes(4, 12).slice().buffer ?? new ArrayBuffer(0))]).toEqual([1, 2]);
  expect(model.sources).toEqual([
    { path, sizeBytes: readFileSync(path).byteLength },
    { path: join(imports.folder, "w.data"), sizeBytes: 8000 },
  ]);
});

test("an initializer that is also an input becomes a constant, and the import says so", async () => {
  const found: string[] = [];
  const graph = { nodes: [node("Add", ["x", "w"], ["y"])], inputs: [x, onnxValue("w", "f32", [1])], initializers: [f32("w", [1])] };
  const main = onlyComponent(await imports.imported(graph, { irVersion: 3 }, ({ code, message }) => found.push(`${code} ${message}`)));
  expect(main.inputs.map(({ name }) => name)).toEqual(["x"]);
  expect(found).toEqual(['VX-IMPORT-INPUT-DEFAULT 1 graph inputs with a default ("w") became constants.']);
});

test("operators that nothing knows keep their attributes, and declared types fill in theirs", async () => {
  const odd = onnxNode({
    opType: "Odd",
    domain: "my.domain",
    inputs: ["x"],
    outputs: ["t"],
    attributes: [intsAttribute("sizes", [1, 2]), textAttribute("__proto__", "p")],
  });
  const graph = { nodes: [odd, node("Neg", ["t"], ["y"])], valueInfo: [onnxValue("t", "f32", [4])] };
  const model = await imports.imported(graph, {
    opsetImports: [
      { domain: "", version: 17 },
      { domain: "my.domain", version: 3 },
    ],
  });
  const main = onlyComponent(model);
  expect(main.nodes[0]?.op).toBe("my.domain::Odd");
  expect(Object.keys(main.nodes[0]?.attrs ?? {})).toEqual(["sizes", "__proto__"]);
  expect(main.value("y")?.type).toEqual({ dtype: "f32", shape: [4] });
  expect([...model.opsets]).toEqual([["my.domain", 3]]);
});

test("a shape that one declaration of a value leaves out is that of another", async () => {
  const [t, bare] = [onnxValue("t", "f32", [4]), onnxValue("t", "f32", undefined)];
  const nodes = [onnxNode({ opType: "Odd", domain: "my.domain", inputs: ["x"], outputs: ["t"] })];
  const outputs = [onnxValue("x", "f32", undefined), bare];
  const main = onlyComponent(
    await imports.imported({ nodes, valueInfo: [t], outputs }, { opsetImports: [{ domain: "my.domain", version: 1 }] }),
  );
  expect(main.outputs.map(({ type }) => type.shape)).toEqual([[2, "n"], [4]]);
});

test("a softmax until opset 13 over several axes of no elements is one over one of them", async () => {
  const graph = { nodes: [node("Softmax", ["x"], ["y"])], inputs: [onnxValue("x", "f32", [2, 0, 3])] };
  const main = onlyComponent(await imports.imported(graph, { opsetImports: [{ domain: "", version: 11 }] }));
  expect(main.nodes.map(({ op }) => op)).toEqual(["Softmax"]);
});

test("facts of the file are kept", async () => {
  const model = await imports.imported(
    { nodes: [node("Neg", ["x"], ["y"])] },
    { producerName: "maker", producerVersion: "1", docString: "what", metadata: new Map([["__proto__", "v"]]) },
  );
  expect([...model.metadata]).toEqual([
    ["producer", "maker"],
    ["producerVersion", "1"],
    ["opset", "17"],
    ["description", "what"],
    ["property:__proto__", "v"],
  ]);
});

test("an output that is an input or stands twice gets a bearer of its name", async () => {
  const outputs = [onnxValue("x", "f32", undefined), y];
  expect(await imports.textOf({ nodes: [node("Neg", ["x"], ["y"])], outputs })).toContain("return %x, %y");
});

function branch(name: string, nodes: OnnxGraph["nodes"], output: string): OnnxAttribute {
  return graphAttribute(name, onnxGraph({ name, nodes, outputs: [onnxValue(output, "f32", undefined)] }));
}

test("bodies of control flow capture outer values, through all levels", async () => {
  const inner = node(
    "If",
    ["c"],
    ["i"],
    [branch("then_branch", [node("Neg", ["x"], ["p"])], "p"), branch("else_branch", [node("Abs", ["x"], ["q"])], "q")],
  );
  const outer = node(
    "If",
    ["c"],
    ["y"],
    [branch("then_branch", [inner], "i"), branch("else_branch", [node("Identity", ["x"], ["e"])], "e")],
  );
  const main = onlyComponent(await imports.imported({ nodes: [outer], inputs: [x, onnxValue("c", "bool", [])] }));
  const body = (graph: Graph): Graph => ((graph.nodes[0] as Node).attrs["then_branch"] as SubgraphAttr).graph;
  expect([...(main.nodes[0]?.captures ?? [])].map(([name, value]) => [name, value === main.value(name)])).toEqual([
    ["x", true],
    ["c", true],
  ]);
  expect(body(main).captures.map(({ name }) => name)).toEqual(["x", "c"]);
  expect(body(body(main)).captures.map(({ name }) => name)).toEqual(["x"]);
});

test.each<[code: string, graph: Partial<OnnxGraph>, model: Partial<OnnxModel>, message: string]>([
  [
    "VX-IMPORT-CYCLE",
    { nodes: [node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"])], outputs: [onnxValue("b", "f32", [])] },
    {},
    "cycle through node",
  ],
  ["VX-IMPORT-DUPLICATE-NAME", { nodes: [node("Neg", ["x"], ["y"]), node("Abs", ["x"], ["y"])] }, {}, 'value name "y" occurs twice'],
  ["VX-IMPORT-DUPLICATE-NAME", { nodes: [node("Neg", ["x"], ["w"])], initializers: [f32("w", [1])] }, {}, 'value name "w" occurs twice'],
  ["VX-IMPORT-DUPLICATE-NAME", { nodes: [], initializers: [f32("w", [1]), f32("w", [1])] }, {}, 'value name "w" occurs twice'],
  ["VX-IMPORT-DUPLICATE-NAME", { nodes: [], inputs: [x, x] }, {}, 'graph input name "x" occurs twice'],
  ["VX-IMPORT-MISSING-VALUE", { nodes: [node("Neg", ["z"], ["y"])] }, {}, 'value "z" is read, but no graph input'],
  ["VX-IMPORT-MISSING-VALUE", { nodes: [] }, {}, 'value "y" is read'],
  ["VX-IMPORT-NEGATIVE-DIM", { inputs: [onnxValue("x", "f32", [-2])] }, {}, "negative extent -2"],
  ["VX-IMPORT-OPSET", { nodes: [node("Clip", ["x"], ["y"])] }, { opsetImports: [{ domain: "", version: 6 }] }, "opset 6; expected 7 to 24"],
  ["VX-IMPORT-OPSET", { nodes: [] }, { opsetImports: [{ domain: "", version: 99 }] }, "opset 99; expected 7 to 24"],
  [
    "VX-IMPORT-OPSET-MISSING",
    { nodes: [foreign("odd", "Odd", ["x"], ["y"], [])] },
    {},
    'operator set "odd", which the model does not import',
  ],
  [
    "VX-IMPORT-OP-FORM",
    { nodes: [node("Add", ["x", "x"], ["y"], [intAttribute("broadcast", 1)])] },
    { opsetImports: [{ domain: "", version: 6 }] },
    "the form of opset 6 has the attribute axis",
  ],
  [
    "VX-IMPORT-OP-FORM",
    { nodes: [node("Dropout", ["x"], ["d", "mask"]), node("Add", ["d", "mask"], ["y"])] },
    { opsetImports: [{ domain: "", version: 8 }] },
    "the mask has another element type",
  ],
  ["VX-IMPORT-OP-FORM", { nodes: [node("Constant", [], ["y"])] }, {}, "0 value attributes were given; expected one"],
  ["VX-IMPORT-ATTRIBUTE", { nodes: [node("Constant", [], ["y"], [intAttribute("value", 1)])] }, {}, 'attribute "value" is of kind int'],
  ["VX-OP-ATTRIBUTE-UNKNOWN", { nodes: [node("Neg", ["x"], ["y"], [intAttribute("odd", 1)])] }, {}, '"odd" is unknown'],
  [
    "VX-IMPORT-DTYPE",
    { initializers: [{ ...f32("w", [1]), dataType: 27, data: { kind: "bytes", bytes: new Uint8Array(1) } }] },
    {},
    "FLOAT6E2M3",
  ],
  [
    "VX-IMPORT-SPARSE",
    {
      sparseInitializers: [{ values: f32("w", [1, 2]), indices: onnxTensor("", "i64", [2], new Uint8Array(16).fill(9, 0, 1)), dims: [4] }],
      outputs: [onnxValue("w", "f32", [4])],
    },
    {},
    "has the index 9 outside [0, 3]",
  ],
])("%s: %s", async (code, graph, model, message) => {
  const error = await errorOf(imports.imported(graph, model));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
  expect(error.where.file).toMatch(/m\d+\.onnx$/);
});

test("sparse initializers become dense", async () => {
  const indices = onnxTensor("", "i64", [2, 2], new Uint8Array(BigInt64Array.of(0n, 1n, 1n, 0n).buffer));
  const main = onlyComponent(
    await imports.imported({
      sparseInitializers: [{ values: f32("w", [5, 7]), indices, dims: [2, 2] }],
      outputs: [onnxValue("w", "f32", [2, 2])],
    }),
  );
  expect([...new Float32Array(main.value("w")?.data?.bytes().slice().buffer ?? new ArrayBuffer(0))]).toEqual([0, 5, 7, 0]);
});

test("a cut file is a coded error with the byte where it ends", async () => {
  const path = await imports.fileOf({ nodes: [node("Neg", ["x"], ["y"])] });
  writeFileSync(path, readFileSync(path).subarray(0, 60));
  const error = await errorOf(importOnnx(path, { ops, pool: new FilePool() }));
  expect(error.code).toMatch(/^VX-IMPORT-ONNX-/);
  expect(error.where).toMatchObject({ stage: "import", file: path });
  expect(error.where.offset).toBeGreaterThan(0);
});

test("string tensors keep their elements; one with too few is refused", async () => {
  const strings = (dims: readonly number[]) => ({
    ...onnxTensor("w", "string", dims, { kind: "strings", strings: () => ["é", ""].map((text) => new TextEncoder().encode(text)) }),
  });
  const graph = { initializers: [strings([2])], outputs: [onnxValue("w", "string", [2])] };
  expect([
    ...(onlyComponent(await imports.imported(graph))
      .value("w")
      ?.data?.bytes() ?? []),
  ]).toEqual([2, 0, 0, 0, 195, 169, 0, 0, 0, 0]);
  const path = await imports.fileOf(graph);
  const bytes = readFileSync(path);
  const dims = bytes.indexOf(Uint8Array.of(0x08, 2, 0x10, 8)); // dims: 2, then data_type: STRING
  bytes[dims + 1] = 3;
  writeFileSync(path, bytes);
  const error = await errorOf(importOnnx(path, { ops, pool: new FilePool() }));
  expect(error.code).toBe("VX-IMPORT-ONNX-TENSOR-SIZE");
  expect(error.message).toContain("3");
});

test("parts of the file that take no part in inference are dropped with a finding", async () => {
  const found: string[] = [];
  const quantization = [{ tensorName: "x", parameters: new Map([["SCALE_TENSOR", "s"]]) }];
  await imports.imported({ nodes: [node("Neg", ["x"], ["y"])], quantization }, {}, ({ code, message }) => found.push(`${code} ${message}`));
  expect(found).toEqual(["VX-IMPORT-DROPPED quantization_annotation of the model file is not kept: it does not take part in inference."]);
});
