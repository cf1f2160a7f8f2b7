import { f32Tensor, type Graph, GraphEditor, memoryTensor, VxError, widenedTensor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { describePlan, parseRecipe, type Plan, planGraph, planToJson, type Recipe } from "../index.js";
import { ops } from "./ops.fixture.js";

const weight = (rows: number, columns: number): ReturnType<typeof f32Tensor> =>
  f32Tensor(new Float32Array(rows * columns).fill(1), [rows, columns]);

async function recipe(text: string): Promise<Recipe> {
  return parseRecipe(text.includes("version") ? text : `version: 1\n${text}`, { file: "r.yaml" });
}
const preset = (name: string): Promise<Recipe> => recipe(`extends: preset:${name}`);

/** x → LayerNorm → (MatMul q, MatMul k) and a residual Add with a MatMul + bias. */
function block(): Graph {
  const edit = new GraphEditor(ops, "block");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 4, 64] });
  const [norm] = edit.insert("LayerNormalization", [x], {}, { name: "norm", outputs: ["normed"], role: "vision.block.0.norm1" });
  const [wq, wk, wo] = ["wq", "wk", "wo"].map((name) => edit.addConstant(name, weight(64, 64)));
  const bias = edit.addConstant("b", f32Tensor(new Float32Array(64), [64]));
  const [q] = edit.insert("MatMul", [norm!, wq!], {}, { name: "q", outputs: ["q_out"], role: "vision.block.0.attn.q" });
  const [k] = edit.insert("MatMul", [norm!, wk!], {}, { name: "k", outputs: ["k_out"], role: "vision.block.0.attn.k" });
  const [scores] = edit.insert("MatMul", [q!, k!], {}, { name: "scores", outputs: ["scores_out"], role: "vision.block.0.attn.scores" });
  const [shaped] = edit.insert("Reshape", [scores!], {}, { name: "reshape", outputs: ["shaped"] });
  const [out] = edit.insert("MatMul", [shaped!, wo!], {}, { name: "o", outputs: ["o_out"], role: "vision.block.0.attn.out" });
  const [biased] = edit.insert("Add", [out!, bias], {}, { name: "bias_add", outputs: ["biased"] });
  const [sum] = edit.insert("Add", [x, biased!], {}, { name: "residual", outputs: ["sum"] });
  edit.addOutput(sum!);
  edit.settle();
  return edit.graph;
}

const names = (plan: Plan): readonly string[] =>
  plan.groups.map(({ values, splits, observe }) =>
    [
      values.map(({ name }) => name).join("+"),
      splits.map(({ value, edges }) => `${value.name}>${edges.map(({ node }) => node?.name).join("&")}`).join(","),
      `observe ${observe.map(({ name }) => name).join("+")}`,
    ].join(" | "),
  );

test("int8 quantizes the inputs of products: one group per value, shared by its readers, through ops that only move elements", async () => {
  const plan = planGraph(block(), await preset("int8"), { ops });
  expect(names(plan)).toEqual([
    "normed |  | observe normed",
    "q_out |  | observe q_out",
    "k_out |  | observe k_out",
    "scores_out+shaped |  | observe scores_out",
  ]);
  expect(plan.weights.map(({ value, request, scaleShape }) => [value.name, request.storage, request.axis, scaleShape])).toEqual([
    ["wq", "i8", 1, [1, 64]],
    ["wk", "i8", 1, [1, 64]],
    ["wo", "i8", 1, [1, 64]],
  ]);
  expect(
    plan.biases.map(({ value, compute, edge, group, weight }) => [
      value.name,
      compute.name,
      edge.node?.name,
      edge.index,
      group.values.length,
      weight.value.name,
    ]),
  ).toEqual([["b", "o", "bias_add", 1, 2, "wo"]]);
  expect(plan.needsData).toBe(true);
  expect(plan.summary).toMatchObject({
    nodes: 8,
    quantizedNodes: 6,
    parameters: 3 * 4096 + 64,
    quantizedParameters: 3 * 4096,
    bytesBefore: 4 * (3 * 4096 + 64),
  });
  expect(plan.summary.bytesAfter).toBe(3 * (4096 + 64 * 4) + 64 * 4);
});

test("a value that a float op reads too stays float, and only the integer edges are quantized, with one shared form", async () => {
  const graph = block();
  const edit = new GraphEditor(ops, graph);
  const [relu] = edit.insert("Relu", [graph.value("normed")!], {}, { name: "relu" });
  edit.addOutput(relu!);
  const plan = planGraph(graph, await preset("int8"), { ops });
  expect(names(plan)[0]).toBe(" | normed>q&k | observe normed");
  expect(plan.nodes.get(graph.nodes.find(({ name }) => name === "relu")!)?.inputs).toEqual([undefined]);
});

test("a graph output is read as float", async () => {
  const graph = block();
  new GraphEditor(ops, graph).addOutput(graph.value("q_out")!);
  expect(names(planGraph(graph, await preset("int8"), { ops }))).toContain(" | q_out>scores | observe q_out");
});

test("int8-full: every value in integers, the sum before an int32 bias excepted", async () => {
  const plan = planGraph(block(), await preset("int8-full"), { ops });
  expect(names(plan)).toEqual([
    "x |  | observe x",
    "normed |  | observe normed",
    "q_out |  | observe q_out",
    "k_out |  | observe k_out",
    "scores_out+shaped |  | observe scores_out",
    "biased |  | observe biased",
    "sum |  | observe sum",
  ]);
  expect(plan.biases).toHaveLength(1);
});

test("int8-full: Softmax has a fixed step of 1/256 and needs no observer", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 8] });
  const [y] = edit.insert("Softmax", [x], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  const plan = planGraph(edit.graph, await preset("int8-full"), { ops });
  expect(plan.groups.map(({ fixedRange, observe }) => [fixedRange, observe.length])).toEqual([
    [undefined, 1],
    [[0, 255 / 256], 0],
  ]);
});

test("int8-full: Relu after a product shares its qparams and only the Relu is observed", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 8] });
  const [sum] = edit.insert(
    "Gemm",
    [x, edit.addConstant("w", weight(8, 8)), edit.addConstant("b", f32Tensor(new Float32Array(8), [8]))],
    {},
    { outputs: ["sum"] },
  );
  const [y] = edit.insert("Relu", [sum!], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  const plan = planGraph(edit.graph, await preset("int8-full"), { ops });
  expect(names(plan)).toEqual(["x |  | observe x", "sum+y |  | observe y"]);
  expect(plan.biases.map(({ edge }) => edge.index)).toEqual([2]);
});

test("int8-full: a constant operand of Concat is stored with the group's qparams, one of Add with its own", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 8] });
  const [joined] = edit.insert("Concat", [edit.addConstant("cls", weight(1, 8)), x], {}, { outputs: ["joined"] });
  const [y] = edit.insert("Add", [joined!, edit.addConstant("pos", weight(1, 8))], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  const plan = planGraph(edit.graph, await preset("int8-full"), { ops });
  expect(names(plan)).toEqual(["x+joined |  | observe x", "y |  | observe y"]);
  expect(plan.groups[0]?.constants.map(({ value, edges }) => [value.name, edges[0]?.index])).toEqual([["cls", 0]]);
  expect(plan.weights.map(({ value, request }) => [value.name, request.granularity, request.symmetric])).toEqual([
    ["pos", "tensor", false],
  ]);
});

test("an op that merges or selects does not carry inputs-only integers backwards", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 8] });
  const [pooled] = edit.insert("MaxPool", [x], {}, { outputs: ["pooled"] });
  const [y] = edit.insert("MatMul", [pooled!, edit.addConstant("w", weight(8, 8))], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  expect(names(planGraph(edit.graph, await preset("int8"), { ops }))).toEqual(["pooled |  | observe pooled"]);
});

test("an undecided Concat of an integer and a float value has qparams of its own", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 8] });
  const [sum] = edit.insert("Gemm", [x, edit.addConstant("w", weight(8, 8))], {}, { name: "gemm", outputs: ["sum"] });
  const [joined] = edit.insert("Concat", [sum!, x], {}, { outputs: ["joined"] });
  const [y] = edit.insert("MatMul", [joined!, edit.addConstant("w2", weight(8, 8))], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  const text =
    "rules:\n  - match: { op: MatMul }\n    activations: { dtype: int8 }\n  - match: { op: Gemm }\n    activations: { dtype: int8, outputs: true }";
  expect(names(planGraph(edit.graph, await recipe(text), { ops }))).toEqual([
    " | x>gemm | observe x",
    "sum |  | observe sum",
    "joined |  | observe joined",
  ]);
});

test("the last matching rule wins, of each kind apart; keep undoes both", async () => {
  const plan = planGraph(
    block(),
    await recipe(
      [
        "extends: preset:int8",
        "rules:",
        '  - match: { role: "**.attn.q" }',
        "    weights: { dtype: int4, blockSize: 32 }",
        '  - match: { name: "/^(k|o)$/" }',
        "    keep: float16",
        "  - match: { name: o }",
        "    weights: { dtype: int8, granularity: tensor }",
      ].join("\n"),
    ),
    { ops },
  );
  expect(
    plan.weights.map(({ value, request, decidedBy }) => [value.name, request.storage, request.granularity, decidedBy.file, decidedBy.line]),
  ).toEqual([
    ["wq", "i4", "block", "r.yaml", 4],
    ["wo", "i8", "tensor", "r.yaml", 8],
  ]);
  expect(plan.keeps.map(({ node, dtype, decidedBy }) => [node.name, dtype, decidedBy.line])).toEqual([["k", "f16", 6]]);
  expect(names(plan)).toEqual([" | normed>q | observe normed", "q_out |  | observe q_out", "k_out |  | observe k_out"]);
});

test("a rule that matches nothing is an error with the nearest word; a preset's rule is not", async () => {
  const plan = async (text: string): Promise<unknown> => planGraph(block(), await recipe(text), { ops });
  await expect(plan("rules:\n  - match: { op: MatMull }\n    weights: { dtype: int8 }")).rejects.toMatchObject({
    diagnostic: {
      code: "VX-RECIPE-NO-MATCH",
      message: "the rule { op: MatMull } matches nothing in this model.",
      where: { line: 3, file: "r.yaml" },
    },
  });
  await expect(plan('rules:\n  - match: { role: "vison.**" }\n    keep: float')).rejects.toMatchObject({
    diagnostic: { hint: expect.stringContaining('Did you mean "vision.**"?') },
  });
  await expect(plan("rules:\n  - match: { op: TopK }\n    keep: float")).rejects.toMatchObject({
    diagnostic: { hint: expect.stringContaining("Ops of the model once constants are folded: Add, LayerNormalization,") },
  });
  await expect(plan("extends: preset:vlm-balanced")).resolves.toBeDefined();
});

test.each(["weights: { dtype: int8 }", "biasCorrection: true", "equalize: true"])(
  "a rule that changes nothing is a warning: %s",
  async (decision) => {
    const plan = planGraph(block(), await recipe(`rules:\n  - match: { op: Add }\n    ${decision}`), { ops });
    expect(plan.diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["VX-RECIPE-NO-EFFECT", "warning"]]);
  },
);

test.each([
  ["op: [MatMul, Matmull]", ['op "Matmull" of the rule { op: ["MatMul","Matmull"] } matches nothing. | Did you mean "MatMul"?']],
  ['role: ["vision.**", "vison.**"]', [expect.stringContaining('role "vison.**" of the rule')]],
  ['role: ["vision.**", "projector.**"], op: [MatMul, Add, "*"]', []],
])("a misspelt word beside others is a warning: %s", async (match, found) => {
  const { diagnostics } = planGraph(block(), await recipe(`rules:\n  - match: { ${match} }\n    weights: { dtype: int8 }`), { ops });
  expect(diagnostics.map(({ message, hint }) => `${message} | ${hint}`)).toEqual(found);
});

const keep = (match: string, base = "weights-int8"): string =>
  `extends: preset:${base}\nrules:\n  - match: { ${match} }\n    keep: float16`;

test.each([
  ["a role above the products that were meant", keep("role: vision.block.0.attn.scores"), "keeps nothing from becoming integers"],
  ["an operator that only moves elements", keep("op: Reshape", "int8-full"), "keeps nothing from becoming integers"],
])("a keep that protects nothing is a warning: %s", async (_, text, says) => {
  const { diagnostics } = planGraph(block(), await recipe(text), { ops });
  const found = { code: "VX-RECIPE-NO-EFFECT", severity: "warning", where: { file: "r.yaml", line: 4 } };
  expect(diagnostics.filter(({ severity }) => severity === "warning")).toMatchObject([
    { ...found, message: expect.stringContaining(says) },
  ]);
});

test("the hint of such a keep says how to match what lies below the role", async () => {
  const edit = new GraphEditor(ops, "head");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 4, 64] });
  const [pooled] = edit.insert("Reshape", [x], {}, { name: "pool", role: "head" });
  const [y] = edit.insert("MatMul", [pooled!, edit.addConstant("w", weight(64, 64))], {}, { name: "fc", role: "head.fc1" });
  edit.addOutput(y!);
  const warnings = async (role: string): Promise<readonly (string | undefined)[]> =>
    planGraph(edit.graph, await recipe(keep(`role: ${role}`)), { ops }).diagnostics.map(({ hint }) => hint);
  expect(await warnings("head")).toEqual([expect.stringContaining('write "head.**" to match what is below it too (head.fc1)')]);
  expect(await warnings('"head.**"')).toEqual([]);
  expect(await warnings("[head, head.**]")).toEqual([]);
  expect(await warnings("[head, head.act]")).toEqual([expect.stringContaining('"head.**"')]);
});

test.each([
  ["products", keep("role: vision.block.0.attn.q")],
  ["constant addends", keep("name: bias_add")],
  ["inputs that would be integers", keep("role: vision.block.0.attn.scores", "int8")],
])("a keep that protects something is none: %s", async (_, text) => {
  const { diagnostics } = planGraph(block(), await recipe(text), { ops });
  expect(diagnostics.filter(({ severity }) => severity === "warning")).toEqual([]);
});

test("a block size that does not divide K names sizes that do; unfit: int8 takes int8 per channel", async () => {
  const graph = block();
  const text = (more: string): string =>
    `rules:\n  - match: { op: MatMul, weighted: true }\n    weights: { dtype: int4, blockSize: 24${more} }`;
  const wanted = await recipe(text(""));
  try {
    planGraph(graph, wanted, { ops });
    expect.unreachable();
  } catch (error) {
    const { diagnostics } = error as VxError;
    expect(diagnostics).toHaveLength(3);
    expect(diagnostics[0]).toMatchObject({
      code: "VX-QUANT-BLOCK-SIZE",
      message: "blockSize 24 does not divide K = 64.",
      hint: expect.stringContaining("Use 16, 32, 64"),
      where: { file: "r.yaml", line: 4, column: 40, value: "wq", node: "q" },
    });
  }
  const plan = planGraph(graph, await recipe(text(", unfit: int8")), { ops });
  expect(plan.weights.every(({ request }) => request.storage === "i8" && request.granularity === "channel")).toBe(true);
  expect(plan.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'VX-QUANT-UNFIT blockSize 24 does not divide K = 64: "wq" and 2 more weights become int8 per channel instead.',
  ]);
});

test("weights-int4 stores f16 scales, one per 32 elements", async () => {
  const plan = planGraph(block(), await preset("weights-int4"), { ops });
  expect(plan.weights[0]).toMatchObject({
    scaleShape: [2, 64],
    bytesAfter: 4096 / 2 + 2 * 64 * 2,
    request: { storage: "i4", axis: 0, blockSize: 32, scaleDtype: "f16", range: [-7, 7] },
  });
  expect([plan.needsData, plan.groups.length, plan.biases.length]).toEqual([false, 0, 0]);
});

test("dynamic activations need no observer and no int32 bias", async () => {
  const plan = planGraph(block(), await preset("dynamic-int8"), { ops });
  expect(plan.groups.map(({ request, observe }) => [request.mode, request.storage, observe.length])).toEqual([
    ["dynamic", "u8", 0],
    ["dynamic", "u8", 0],
  ]);
  expect([plan.needsData, plan.biases.length]).toEqual([false, 0]);
});

test("a split quantizes only the node's edge, so that its float part can read the value", async () => {
  const plan = planGraph(
    block(),
    await recipe("extends: preset:int8\nrules:\n  - match: { name: o, outliers: { sigma: 4 } }\n    split: { outliers: float16 }"),
    { ops },
  );
  expect(plan.splits.map(({ node, sigma, by, weight }) => [node.name, sigma, by, weight.value.name])).toEqual([
    ["o", 4, "activations", "wo"],
  ]);
  expect(names(plan)).toContain(" | shaped>o | observe shaped");
  expect(plan.biases).toEqual([]);
});

test("a split where it cannot be says why", async () => {
  const plan = planGraph(
    block(),
    await recipe("extends: preset:int8\nrules:\n  - match: { op: [MatMul, Add] }\n    split: { outliers: float16 }"),
    { ops },
  );
  expect(plan.diagnostics.map(({ message, where }) => [message, where])).toContainEqual([
    "split has no effect on Add: it has no weight.",
    { stage: "plan", file: "r.yaml", line: 4, column: 5, node: "residual", component: "block" },
  ]);
});

test("bias correction asks for data even with weights only", async () => {
  const plan = planGraph(
    block(),
    await recipe("extends: preset:weights-int8\nrules:\n  - match: { op: MatMul, weighted: true }\n    biasCorrection: true"),
    { ops },
  );
  expect([plan.biasCorrections.length, plan.needsData]).toEqual([3, true]);
});

test("an embedding table is quantized per row, empty and integer constants are left alone", async () => {
  const edit = new GraphEditor(ops, "g");
  const ids = edit.addInput("ids", { dtype: "i64", shape: [4] });
  const [rows] = edit.insert("Gather", [edit.addConstant("table", weight(100, 8)), ids], {}, { outputs: ["rows"] });
  const [more] = edit.insert(
    "Gather",
    [edit.addConstant("lookup", memoryTensor("i32", [4], new Uint8Array(16))), ids],
    {},
    { outputs: ["more"] },
  );
  const [none] = edit.insert("Gather", [edit.addConstant("empty", weight(0, 8)), ids], {}, { outputs: ["none"] });
  for (const value of [rows, more, none]) edit.addOutput(value!);
  const plan = planGraph(edit.graph, await preset("weights-int8"), { ops });
  expect(plan.weights.map(({ value, scaleShape }) => [value.name, scaleShape])).toEqual([["table", [100, 1]]]);
});

test("the description and its JSON name every tensor with the line that decided it", async () => {
  const plan = planGraph(block(), await preset("int8"), { ops });
  const text = describePlan(plan);
  for (const word of ["wq", "normed", "preset:int8:6", "int32 bias", "int8 per channel", "q_out"]) expect(text).toContain(word);
  const json = JSON.parse(JSON.stringify(planToJson(plan))) as { weights: readonly { decidedBy: string }[] };
  expect(json.weights[0]?.decidedBy).toBe("preset:int8:6:5");
});

test("sizes of widened constants are those of what is stored, counted once", async () => {
  const edit = new GraphEditor(ops, "g");
  const half = memoryTensor("f16", [64, 64], new Uint8Array(8192));
  const [narrow, wide] = [edit.addConstant("w", half), edit.addConstant("w_f32", widenedTensor(half))];
  const inputs = (["f32", "f16"] as const).map((dtype) => edit.addInput(dtype, { dtype, shape: [1, 64] }));
  for (const [i, weight] of [wide, narrow].entries())
    edit.addOutput(edit.insert("MatMul", [inputs[i]!, weight], {}, { name: `m${i}` })[0]!);
  const sizes = async (text: string) => {
    const { summary, weights } = planGraph(edit.graph, await recipe(text), { ops });
    return [summary.bytesBefore, summary.bytesAfter, weights.map(({ bytesBefore, bytesAfter }) => [bytesBefore, bytesAfter])];
  };
  expect(await sizes("rules: []")).toEqual([8192, 8192, []]);
  const rule = (match: string) => `rules: [{ match: { ${match} }, weights: { dtype: int8, granularity: channel, scaleDtype: float32 } }]`;
  expect(await sizes(rule("name: m0"))).toEqual([8192, 4096 + 256 + 8192, [[8192, 4096 + 256]]]);
});
