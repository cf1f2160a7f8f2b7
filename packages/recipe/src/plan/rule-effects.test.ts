import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, planGraph } from "../index.js";
import { ops } from "./ops.fixture.js";

/** x → Relu → MatMul first → LayerNormalization → MatMul second. */
function twoProducts(): Graph {
  const edit = new GraphEditor(ops, "two");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const weight = (name: string): ReturnType<typeof edit.addConstant> => edit.addConstant(name, f32Tensor(new Float32Array(16), [4, 4]));
  const [relu] = edit.insert("Relu", [x], {}, { name: "relu" });
  const [first] = edit.insert("MatMul", [relu!, weight("w")], {}, { name: "first" });
  const [norm] = edit.insert("LayerNormalization", [first!, edit.addConstant("gain", f32Tensor([1, 1, 1, 1], [4]))], {}, { name: "norm" });
  const [second] = edit.insert("MatMul", [norm!, weight("v")], {}, { name: "second" });
  edit.addOutput(second!);
  return edit.graph;
}

/** Line and message of each warning; rule i stands in line 3 + i. */
async function warnings(rules: readonly string[], base = ""): Promise<readonly string[]> {
  const text = `version: 1${base}\nrules:\n${rules.map((rule) => `  - { ${rule} }\n`).join("")}`;
  const recipe = await parseRecipe(text, { file: "r.yaml" });
  const { diagnostics } = planGraph(twoProducts(), recipe, { ops });
  return diagnostics.filter(({ severity }) => severity === "warning").map(({ message, where }) => `${where.line}: ${message}`);
}

const INT8 = "match: { op: MatMul }, weights: { dtype: int8 }";
const INT4 = "weights: { dtype: int4, granularity: channel }";
const STATIC = "activations: { dtype: int8 }";

test("a decision that later rules leave nothing of is a warning with their lines", async () => {
  expect(await warnings([INT8, `match: { op: MatMul }, ${INT4}`])).toEqual([
    "3: the rule { op: MatMul } has no effect (weights: on all matched nodes the later rule in line 4 decides instead).",
  ]);
  expect(await warnings([INT8, `match: { name: second }, ${INT4}`, `match: { name: first }, ${INT4}`])).toEqual([
    "3: the rule { op: MatMul } has no effect (weights: on all matched nodes the later rules in lines 4, 5 decide instead).",
  ]);
  expect(await warnings(["match: { name: first }, keep: float", INT8])).toEqual([
    "3: the rule { name: first } has no effect (keep: on all matched nodes the later rule in line 4 decides instead).",
  ]);
  expect(await warnings([`${INT8}, ${STATIC}`, `match: { op: MatMul }, ${INT4}`])).toEqual([
    "3: part of the rule { op: MatMul } has no effect (weights: on all matched nodes the later rule in line 4 decides instead).",
  ]);
});

test("a decision that holds on one node that it matches is no warning", async () => {
  expect(await warnings([INT8, `match: { name: second }, ${INT4}`])).toEqual([]);
  expect(await warnings([INT8, "match: { name: second }, keep: float16"])).toEqual([]);
});

test("a file that extends another may overrule all of it", async () => {
  expect(await warnings([`match: { op: MatMul }, ${INT4}`], "\nextends: preset:weights-int8")).toEqual([]);
});

test("words that take back are a warning where there is nothing to take back", async () => {
  expect(await warnings([`match: { name: first }, weights: float`, `match: { name: second }, weights: { dtype: int8 }`])).toEqual([
    "3: the rule { name: first } has no effect (nothing that it takes back is decided before it, or all of that is decided again after it).",
  ]);
  expect(await warnings([INT8, "match: { name: first }, weights: float"])).toEqual([]);
  expect(await warnings([INT8, "match: { name: first }, weights: float", `match: { name: first }, ${INT4}`])).toEqual([
    expect.stringContaining("4: the rule { name: first } has no effect"),
  ]);
  expect(await warnings([`${INT8}, activations: float`])).toEqual([]);
});

test("bias correction and equalization that no node gets are a warning", async () => {
  expect(await warnings([`${INT8}, ${STATIC}, equalize: true`, "match: { name: first }, biasCorrection: true"])).toEqual([]);
  expect(await warnings([`${INT8}, equalize: true`])).toEqual([expect.stringContaining("equalize: no matched product is")]);
  expect(await warnings([`match: { op: MatMul }, ${STATIC}, biasCorrection: true`])).toEqual([
    expect.stringContaining("biasCorrection: no matched node has both integer weights"),
  ]);
});

test("a block that the model does not have is told which it has", async () => {
  const edit = new GraphEditor(ops, "blocks");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const [first] = edit.insert("Relu", [x], {}, { name: "a", role: "vision.block.0.mlp.act" });
  const [second] = edit.insert("Relu", [first!], {}, { name: "b", role: "vision.block.1.mlp.act" });
  edit.addOutput(second!);
  const recipe = await parseRecipe("version: 1\nrules:\n  - { match: { layers: 2 }, keep: float }", { file: "r.yaml" });
  const hint = expect.stringContaining("Blocks of the model: vision.block.{0..1}.") as string;
  expect(() => planGraph(edit.graph, recipe, { ops })).toThrow(
    expect.objectContaining({ diagnostics: [expect.objectContaining({ hint })] }),
  );
  expect(() => planGraph(twoProducts(), recipe, { ops })).toThrow(
    expect.objectContaining({
      diagnostics: [expect.objectContaining({ hint: expect.stringContaining("no roles with numbered blocks") as string })],
    }),
  );
});
