import {
  type OnnxGraph,
  type OnnxNode,
  decodeAttribute,
  encodeAttribute,
  intsAttribute,
  layoutOnnx,
  openTensor,
} from "@vlm-export/formats/onnx";
import {
  type DType,
  f32Tensor,
  type Graph,
  GraphEditor,
  memoryTensor,
  type QuantSpec,
  type Value,
  VxError,
  widenedTensor,
} from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { lowerToOnnx, type LowerOptions, type Tap } from "./index.js";

const ops = standardOps();
const F32 = (...shape: readonly (number | string)[]) => ({ dtype: "f32" as DType, shape });

function graphOf(build: (edit: GraphEditor, x: Value) => Value, shape: readonly (number | string)[] = [2, 4]): Graph {
  const edit = new GraphEditor(ops, "g");
  edit.addOutput(build(edit, edit.addInput("x", F32(...shape))));
  return edit.graph;
}

const lower = (graph: Graph, options: Omit<LowerOptions, "ops"> = {}) => lowerToOnnx(graph, { ops, ...options });
const one = (values: readonly Value[]): Value => values[0] as Value;
const lines = ({ nodes }: OnnxGraph): string[] => nodes.map(line);
const line = ({ opType, inputs, outputs }: OnnxNode): string => `${outputs.join(", ")} = ${opType}(${inputs.join(", ")})`;
const opsetOf = (graph: Graph): number => lower(graph).model.opsetImports[0]?.version ?? 0;

const ints = (storage: DType, shape: readonly number[], values: readonly number[]) => memoryTensor(storage, shape, Uint8Array.from(values));
function spec(given: Partial<QuantSpec> & Pick<QuantSpec, "storage">): QuantSpec {
  return { range: [-127, 127], mode: "static", granularity: "tensor", scale: f32Tensor([0.5], [1, 1]), ...given };
}
const relu = (edit: GraphEditor, x: Value): Value => one(edit.insert("Relu", [x], {}, { outputs: ["y"] }));

test("a float graph is written as it is, at the lowest opset that holds it", () => {
  const { model } = lower(graphOf(relu));
  expect(lines(model.graph)).toEqual(["y = Relu(x)"]);
  expect([model.opsetImports, model.irVersion]).toEqual([[{ domain: "", version: 13 }], 7]);
  expect(
    opsetOf(graphOf((edit, x) => one(edit.insert("LayerNormalization", [x, edit.addConstant("s", f32Tensor([1, 1, 1, 1], [4]))])))),
  ).toBe(17);
  expect(opsetOf(graphOf((edit, x) => one(edit.insert("Gelu", [x]))))).toBe(20);
  expect(opsetOf(graphOf((edit, x) => one(edit.insert("Cast", [x], { to: 1, saturate: 0 }))))).toBe(19);
  expect(lower(graphOf(relu), { opset: 21 }).model).toMatchObject({ opsetImports: [{ domain: "", version: 21 }], irVersion: 10 });
});

test("a quantized constant has its integers, scale and zero point behind DequantizeLinear", () => {
  const graph = graphOf((edit, x) => {
    const quant = spec({ storage: "i8", granularity: "channel", scale: f32Tensor([0.5, 1], [1, 2]) });
    const w = edit.addConstant("w", ints("i8", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), { ...F32(4, 2), quant });
    return one(edit.insert("MatMul", [x, w], {}, { outputs: ["y"] }));
  });
  const { model, quantized, initializers } = lower(graph);
  expect(lines(model.graph)).toEqual([
    "w_dequantized = DequantizeLinear(w_quantized, w_scale, w_zero_point)",
    "y = MatMul(x, w_dequantized)",
  ]);
  expect(model.graph.nodes[0]?.attributes).toMatchObject([{ name: "axis", kind: "int", value: 1n }]);
  expect(model.graph.initializers.map(({ name, dims, dataType }) => [name, dims, dataType])).toEqual([
    ["w_quantized", [4, 2], 3],
    ["w_scale", [2], 1],
    ["w_zero_point", [2], 3],
  ]);
  expect(quantized.get("w")).toEqual({
    ints: "w_quantized",
    copies: [],
    scale: "w_scale",
    zeroPoint: "w_zero_point",
    layout: { kind: "channel", dims: [2], axis: 1 },
  });
  expect(initializers.get("w_quantized")).toEqual({ value: "w", data: graph.value("w")?.data });
  expect(lower(graph, { zeroPoints: "when-given" }).quantized.get("w")?.zeroPoint).toBeUndefined();
});

test("block scales and types below 8 bits need opset 21, two bits 25, half precision 19", () => {
  const withWeight = (quant: QuantSpec, data: ReturnType<typeof ints>) =>
    graphOf((edit, x) => one(edit.insert("MatMul", [x, edit.addConstant("w", data, { ...F32(4, 2), quant })])));
  const block = spec({ storage: "i8", granularity: "block", scale: f32Tensor([1, 1, 1, 1], [2, 2]) });
  expect(opsetOf(withWeight(block, ints("i8", [4, 2], Array(8).fill(1))))).toBe(21);
  expect(opsetOf(withWeight(spec({ storage: "u4", range: [0, 15] }), ints("u4", [4, 2], Array(4).fill(1))))).toBe(21);
  expect(opsetOf(withWeight(spec({ storage: "i2", range: [-1, 1] }), ints("i2", [4, 2], Array(2).fill(1))))).toBe(25);
  const half = new GraphEditor(ops, "h");
  half.addOutput(one(half.insert("Relu", [half.addInput("x", { dtype: "f16", shape: [1], quant: spec({ storage: "i8" }) })])));
  expect(opsetOf(half.graph)).toBe(19);
});

test("activations get a pair of their own each; inputs stay float, an output keeps its name", () => {
  const quant = spec({ storage: "u8", range: [0, 255], zeroPoint: ints("u8", [1, 1], [7]) });
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { ...F32(2, 4), quant });
  const h = one(edit.insert("Relu", [x], {}, { outputs: ["h"], types: [{ ...F32(2, 4), quant }] }));
  edit.addOutput(one(edit.insert("Neg", [h], {}, { outputs: ["y"], types: [{ ...F32(2, 4), quant }] })));
  expect(lines(lower(edit.graph).model.graph)).toEqual([
    "x_quantized = QuantizeLinear(x, x_scale, x_zero_point)",
    "x_dequantized = DequantizeLinear(x_quantized, x_scale, x_zero_point)",
    "h = Relu(x_dequantized)",
    "h_quantized = QuantizeLinear(h, h_scale, h_zero_point)",
    "h_dequantized = DequantizeLinear(h_quantized, h_scale, h_zero_point)",
    "y_float = Neg(h_dequantized)",
    "y_quantized = QuantizeLinear(y_float, y_scale, y_zero_point)",
    "y = DequantizeLinear(y_quantized, y_scale, y_zero_point)",
  ]);
});

test("vlm::Quantize is nothing but the pair of its result", () => {
  const quant = spec({ storage: "i8" });
  const graph = graphOf((edit, x) => {
    const q = one(edit.insert("vlm::Quantize", [x], {}, { outputs: ["q"], types: [{ ...F32(2, 4), quant }] }));
    return one(edit.insert("Relu", [q], {}, { outputs: ["y"] }));
  });
  expect(lines(lower(graph).model.graph)).toEqual([
    "q_quantized = QuantizeLinear(x, q_scale, q_zero_point)",
    "q_dequantized = DequantizeLinear(q_quantized, q_scale, q_zero_point)",
    "y = Relu(q_dequantized)",
  ]);
});

test("invented names keep clear of those of the graph, at every level", () => {
  const graph = graphOf((edit, x) => {
    const w = edit.addConstant("w", ints("i8", [4], [1, 2, 3, 4]), {
      ...F32(4),
      quant: spec({ storage: "i8", scale: f32Tensor([1], [1]) }),
    });
    return one(edit.insert("Add", [x, w], {}, { outputs: ["w_scale"] }));
  });
  const { model } = lower(graph);
  expect(lines(model.graph)).toEqual([
    "w_dequantized = DequantizeLinear(w_quantized, w_scale_1, w_zero_point)",
    "w_scale = Add(x, w_dequantized)",
  ]);
});

test("a quantized constant of nested graphs is dequantized in each of them, from initializers of the same data", () => {
  const quant = spec({ storage: "i8", granularity: "channel", scale: f32Tensor([0.5, 1], [1, 2]) });
  const body = new GraphEditor(ops, "body");
  const seen = [body.addCapture("x", F32(2, 4)), body.addCapture("k", { ...F32(4, 2), quant })];
  body.addOutput(one(body.insert("MatMul", seen, {}, { outputs: ["n"] })));
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32(2, 4));
  const w = edit.addConstant("w", ints("i8", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), { ...F32(4, 2), quant });
  const attrs = { then_branch: { kind: "graph" as const, graph: body.graph }, else_branch: { kind: "graph" as const, graph: body.graph } };
  const captures = new Map([
    ["x", x],
    ["k", w],
  ]);
  edit.addOutput(one(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], attrs, { outputs: ["y"], captures })));
  const { model, quantized } = lower(edit.graph);
  expect([model.graph.nodes.length, model.graph.initializers]).toEqual([1, []]);
  expect(quantized.get("w")).toMatchObject({ ints: "w_quantized", copies: ["w_quantized_1"] });
  const bodies = (model.graph.nodes[0]?.attributes ?? []).flatMap((attribute) =>
    attribute.kind === "graph" ? [attribute.value.graph] : [],
  );
  expect(bodies.map(lines)).toEqual([
    ["w_dequantized = DequantizeLinear(w_quantized, w_scale, w_zero_point)", "n = MatMul(x, w_dequantized)"],
    ["w_dequantized_1 = DequantizeLinear(w_quantized_1, w_scale_1, w_zero_point_1)", "n = MatMul(x, w_dequantized_1)"],
  ]);
  const [first, second] = bodies.map(({ initializers }) => initializers.map(({ data }) => data));
  expect(second?.map((data, i) => data === first?.[i])).toEqual([true, true, true]);
});

test("nested graphs read the dequantized outer value", () => {
  const body = new GraphEditor(ops, "body");
  body.addOutput(one(body.insert("Neg", [body.addCapture("k", F32(2, 4))], {}, { outputs: ["n"] })));
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { ...F32(2, 4), quant: spec({ storage: "i8" }) });
  const attrs = { then_branch: { kind: "graph" as const, graph: body.graph }, else_branch: { kind: "graph" as const, graph: body.graph } };
  edit.addOutput(
    one(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], attrs, { outputs: ["y"], captures: new Map([["k", x]]) })),
  );
  const conditional = lower(edit.graph).model.graph.nodes.at(-1);
  const branch = conditional?.attributes[0];
  expect(branch?.kind === "graph" && lines(branch.value.graph)).toEqual(["n = Neg(x_dequantized)"]);
});

test("nested graphs read moved integers behind Q/DQ of their own, which ONNX Runtime does not move into the nested graph", () => {
  const body = new GraphEditor(ops, "body");
  body.addOutput(one(body.insert("Neg", [body.addCapture("k", F32(4, 2))], {}, { outputs: ["n"] })));
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { ...F32(2, 4), quant: spec({ storage: "i8" }) });
  const turned = one(edit.insert("Transpose", [x], { perm: [1, 0] }, { outputs: ["t"] }));
  const branch = { kind: "graph" as const, graph: body.graph };
  const given = { outputs: ["y"], captures: new Map([["k", turned]]) };
  const condition = edit.addInput("c", { dtype: "bool", shape: [] });
  edit.addOutput(one(edit.insert("If", [condition], { then_branch: branch, else_branch: branch }, given)));
  const { nodes } = lower(edit.graph).model.graph;
  expect(lines({ nodes } as OnnxGraph).slice(2, 5)).toEqual([
    "t = Transpose(x_dequantized)",
    "t_quantized = QuantizeLinear(t, x_scale, x_zero_point)",
    "t_dequantized = DequantizeLinear(t_quantized, x_scale, x_zero_point)",
  ]);
  const attribute = nodes.at(-1)?.attributes[0];
  expect(attribute?.kind === "graph" && lines(attribute.value.graph)).toEqual(["n = Neg(t_dequantized)"]);
});

test("values of nested graphs do not take the names of outer ones, which ONNX forbids", () => {
  const body = new GraphEditor(ops, "body");
  const inner = one(body.insert("Neg", [body.addCapture("x", F32(2, 4))], {}, { outputs: ["v"] }));
  body.addOutput(one(body.insert("Abs", [inner], {}, { outputs: ["w"] })));
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", F32(2, 4));
  const v = one(edit.insert("Exp", [x], {}, { outputs: ["v"] }));
  const branch = { kind: "graph" as const, graph: body.graph };
  const given = { outputs: ["w"], captures: new Map([["x", x]]) };
  const w = one(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], { then_branch: branch, else_branch: branch }, given));
  edit.addOutput(one(edit.insert("Add", [v, w], {}, { outputs: ["y"] })));
  const attribute = lower(edit.graph).model.graph.nodes.find(({ opType }) => opType === "If")?.attributes[0];
  expect(attribute?.kind === "graph" && lines(attribute.value.graph)).toEqual(["v_1 = Neg(x)", "w_1 = Abs(v_1)"]);
  expect(attribute?.kind === "graph" && attribute.value.graph.outputs.map(({ name }) => name)).toEqual(["w_1"]);
});

test("an output that is a quantized input stays the input, one that is an outer value gets a bearer", () => {
  const body = new GraphEditor(ops, "body");
  body.addOutput(body.addCapture("k", F32(2, 4)));
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { ...F32(2, 4), quant: spec({ storage: "i8" }) });
  const branch = { kind: "graph" as const, graph: body.graph };
  const attrs = { then_branch: branch, else_branch: branch };
  edit.addOutput(
    one(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], attrs, { outputs: ["y"], captures: new Map([["k", x]]) })),
  );
  edit.addOutput(x);
  const { graph } = lower(edit.graph).model;
  expect(graph.outputs.map(({ name }) => name)).toEqual(["y", "x"]);
  const attribute = graph.nodes.at(-1)?.attributes[0];
  expect(attribute?.kind === "graph" && lines(attribute.value.graph)).toEqual(["k_out = Identity(x_dequantized)"]);
});

test("opaque nodes keep their attributes, domain and opset", () => {
  const bytes = encodeAttribute(intsAttribute("sizes", [1, 2]));
  const graph = graphOf((edit, x) => one(edit.insert("my.domain::Odd", [x], { sizes: { kind: "opaque", bytes } }, { outputs: ["y"] })));
  const { model } = lower(graph, { model: { metadata: new Map([["producer", "maker"]]), opsets: new Map([["my.domain", 3]]) } });
  expect(model.graph.nodes[0]).toMatchObject({ opType: "Odd", domain: "my.domain", attributes: [decodeAttribute(bytes)] });
  expect(model.opsetImports).toEqual([
    { domain: "", version: 13 },
    { domain: "my.domain", version: 3 },
  ]);
  expect(model.producerName).toBe("maker");
});

test("symbols of the source are declared, invented ones are not", () => {
  const { graph } = lower(graphOf(relu, ["n", "?1"])).model;
  const dims = [graph.inputs, graph.outputs].map(([info]) =>
    info?.type?.kind === "tensor" ? info.type.shape?.map(({ size }) => size) : undefined,
  );
  expect(dims).toEqual([
    ["n", undefined],
    ["n", undefined],
  ]);
});

test("a constant used twice is stored once, one that nobody reads not at all", () => {
  const data = f32Tensor(
    Float32Array.from({ length: 4 }, (_, i) => i),
    [4],
  );
  const graph = graphOf((edit, x) => {
    edit.addConstant("unused", f32Tensor([1], [1]));
    const [a, b] = [edit.addConstant("a", data), edit.addConstant("b", data)];
    return one(edit.insert("Add", [one(edit.insert("Add", [x, a])), b]));
  });
  const { initializers } = lower(graph).model.graph;
  expect(initializers.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(initializers[0]?.data).toBe(initializers[1]?.data);
  expect(openTensor(initializers[0] as (typeof initializers)[number]).read()).toEqual(data.bytes());
});

test("the same graph gives the same bytes", async () => {
  const bytesOf = async () => {
    const chunks: Uint8Array[] = [];
    for (const file of layoutOnnx(lower(graphOf(relu)).model)) for await (const chunk of file.chunks()) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  expect(await bytesOf()).toEqual(await bytesOf());
});

function codeOf(work: () => unknown): string {
  try {
    work();
    return "no error";
  } catch (error) {
    return error instanceof VxError ? `${error.diagnostic.code} ${error.message}` : String(error);
  }
}

test("what taps give stands behind the model, the first last, and their other nodes beside what they read", () => {
  const graph = graphOf((edit, x) => one(edit.insert("Tanh", [one(edit.insert("Relu", [x], {}, { outputs: ["r"] }))])));
  const taps: readonly Tap[] = [
    { value: "r", kind: "range" },
    { value: "x", kind: "tensor", every: 3 },
  ];
  const { nodes } = lower(graph, { taps }).model.graph;
  expect(nodes.map(({ opType }) => opType)).toEqual(["Reshape", "Relu", "Tanh", "Size", "ReduceMax", "ReduceMin", "Slice"]);
});

test("what ONNX cannot hold is a coded error that names the value and its numbers", () => {
  const tap: Tap = { value: "nothing", kind: "range" };
  expect(codeOf(() => lower(graphOf(relu), { taps: [tap] }))).toBe('VX-LOWER-TAP there is no value "nothing" to tap in the graph.');
  const withScale =
    (scale: ReturnType<typeof f32Tensor>, quant: Partial<QuantSpec> = {}) =>
    () =>
      lower(
        graphOf((edit, x) =>
          one(
            edit.insert("MatMul", [
              x,
              edit.addConstant("w", ints("i8", [4, 4], Array(16).fill(1)), {
                ...F32(4, 4),
                quant: spec({ storage: "i8", scale, ...quant }),
              }),
            ]),
          ),
        ),
      );
  expect(codeOf(withScale(f32Tensor([1, 1, 1, 1], [2, 2])))).toMatch(/^VX-LOWER-GRANULARITY scales \[2, 2\] of a value \[4, 4\]/);
  expect(codeOf(withScale(f32Tensor([1, 1], [2])))).toMatch(/^VX-LOWER-QPARAMS .*of another rank/);
  const dynamic = spec({ storage: "i4", mode: "dynamic", range: [-7, 7] });
  const activation = () => graphOf((edit, x) => one(edit.insert("Relu", [x], {}, { types: [{ ...F32(2, 4), quant: dynamic }] })));
  expect(codeOf(() => lower(activation()))).toMatch(/^VX-LOWER-STORAGE dynamic quantization to i4/);
  expect(codeOf(() => lower(graphOf((edit, x) => one(edit.insert("other::Op", [x], { n: 1 })))))).toMatch(
    /^VX-LOWER-ATTRIBUTE other::Op: attribute "n"/,
  );
});

test("a node that no opset takes is refused with its types", () => {
  const graph = graphOf((edit, x) => one(edit.insert("RegexFullMatch", [x])));
  expect(codeOf(() => lower(graph))).toMatch(/^VX-LOWER-OPSET RegexFullMatch: no ONNX opset takes this node/);
});

test("a widened constant is stored as the 16-bit floats that it is, behind a Cast that bears its name", () => {
  const half = memoryTensor("f16", [4], new Uint8Array([0, 60, 0, 64, 0, 66, 0, 68]));
  const graph = graphOf((edit, x) => one(edit.insert("Mul", [x, edit.addConstant("w", widenedTensor(half))], {}, { outputs: ["y"] })));
  const { model, initializers } = lower(graph);
  expect(lines(model.graph)).toEqual(["w = Cast(w_f16)", "y = Mul(x, w)"]);
  expect(model.graph.nodes[0]?.attributes).toMatchObject([{ name: "to", kind: "int", value: 1n }]);
  expect(model.graph.initializers.map(({ name, dims, dataType }) => [name, dims, dataType])).toEqual([["w_f16", [4], 10]]);
  expect([...initializers]).toEqual([["w_f16", { value: "w", data: half }]]);
});

test("a constant that is read in f16 and widened is stored once", () => {
  const half = memoryTensor("f16", [4], new Uint8Array(8));
  const graph = graphOf((edit, x) => {
    const wide = edit.addConstant("wide", widenedTensor(half));
    const [narrow] = edit.insert("Cast", [edit.addConstant("w", half)], { to: 10 }, { outputs: ["n"] });
    const [back] = edit.insert("Cast", [narrow!], { to: 1 }, { outputs: ["b"] });
    return one(edit.insert("Mul", [one(edit.insert("Mul", [x, wide], {}, { outputs: ["m"] })), back!], {}, { outputs: ["y"] }));
  });
  const { model, initializers } = lower(graph);
  expect(model.graph.initializers.map(({ name }) => name)).toEqual(["w"]);
  expect(lines(model.graph)).toContain("wide = Cast(w)");
  expect([...initializers]).toEqual([["w", { value: "w", data: half }]]);
});

test("values of sibling graphs that have the same names are not taken for one another, nor for those of the outermost graph", () => {
  const bodyOf = (scale: number, storage: DType, numbers: readonly number[]): Graph => {
    const body = new GraphEditor(ops, "body");
    const quant = spec({ storage, scale: f32Tensor([scale], [1, 1]) });
    const own = body.addConstant("own", ints(storage, [2, 4], numbers), { ...F32(2, 4), quant });
    const product = one(
      body.insert("Mul", [body.addCapture("w", F32(2, 4)), own], {}, { outputs: ["y"], types: [{ ...F32(2, 4), quant }] }),
    );
    body.addOutput(one(body.insert("Add", [product, body.addConstant("k", f32Tensor([scale], [1]))], {}, { outputs: ["z"] })));
    return body.graph;
  };
  const edit = new GraphEditor(ops, "g");
  const w = edit.addConstant("w", ints("i8", [2, 4], [9, 9, 9, 9, 9, 9, 9, 9]), { ...F32(2, 4), quant: spec({ storage: "i8" }) });
  const attrs = {
    then_branch: { kind: "graph" as const, graph: bodyOf(0.25, "i8", [1, 2, 3, 4, 5, 6, 7, 8]) },
    else_branch: { kind: "graph" as const, graph: bodyOf(4, "u8", [8, 7, 6, 5, 4, 3, 2, 1]) },
  };
  const given = { outputs: ["out"], captures: new Map([["w", w]]) };
  edit.addOutput(one(edit.insert("If", [edit.addInput("c", { dtype: "bool", shape: [] })], attrs, given)));
  const { model, quantized, initializers } = lower(edit.graph);
  const bodies = (model.graph.nodes[0]?.attributes ?? []).flatMap((attribute) =>
    attribute.kind === "graph" ? [attribute.value.graph] : [],
  );
  const namesOf = (end: string) => bodies.map((body) => body.initializers.map(({ name }) => name).find((name) => name.endsWith(end)));
  expect(bodies.map((body) => lines(body).at(-1))).toEqual(["z = Add(y_dequantized, k)", "z = Add(y_dequantized_1, k)"]);
  expect(namesOf("own_quantized_1")).toEqual([undefined, "own_quantized_1"]);
  expect([...quantized].map(([name, { ints: held, copies }]) => [name, held, copies])).toEqual([["w", "w_quantized", ["w_quantized_1"]]]);
  expect([...initializers].map(([name, { value, data }]) => [name, value, data])).toEqual([
    ["w_quantized", "w", w.data],
    ["w_quantized_1", "w", w.data],
  ]);
});
