import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, PRESETS, planGraph } from "./index.js";
import { ops } from "./plan/ops.fixture.js";

/** x[4, 64] → `op`, with a weight `w` or without. */
function oneNode(op: string, role: string, hasWeight = true): Graph {
  const edit = new GraphEditor(ops, "g");
  const weights = hasWeight ? [edit.addConstant("w", f32Tensor(new Float32Array(64 * 64).fill(1), [64, 64]))] : [];
  const x = edit.addInput("x", { dtype: "f32", shape: [4, 64] });
  const [y] = edit.insert(op, [x, ...weights], {}, { role });
  edit.addOutput(y!);
  return edit.graph;
}

test.each(Object.keys(PRESETS))("preset %s says in its description whether it needs data", async (name) => {
  const recipe = await parseRecipe(`version: 1\nextends: preset:${name}`, { file: "r.yaml" });
  expect(PRESETS[name]).toContain(
    planGraph(oneNode("MatMul", "vision.block.0.mlp.fc1"), recipe, { ops }).needsData ? "; needs data" : "; needs no data",
  );
});

/** What vlm-balanced makes of a product with a constant in that role. */
const BALANCED: readonly (readonly [role: string, becomes: string])[] = [
  ["vision.patch_embed", "keep f16"],
  ["vision.block.3.mlp.fc1", "i8 static i8"],
  ["audio.block.0.attn.q", "i8 static i8"],
  ["projector.fc1", "keep f16"],
  ["projector", "keep f16"],
  ["language.block.1.mlp.down", "i8"],
  ["language.block.2.mlp.down", "i4"],
  ["language.lm_head", "i8"],
  ["head", "keep f16"],
  ["head.fc2", "keep f16"],
];

test("vlm-balanced: int8 inside encoders, int4 in language blocks but the first two, float16 before, between and behind towers", async () => {
  const recipe = await parseRecipe("version: 1\nextends: preset:vlm-balanced", { file: "r.yaml" });
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [4, 64] });
  for (const [role] of BALANCED) {
    const weight = edit.addConstant(`${role}.weight`, f32Tensor(new Float32Array(64 * 64).fill(1), [64, 64]));
    for (const value of edit.insert("MatMul", [x, weight], {}, { name: role, role })) edit.addOutput(value);
  }
  const { nodes } = planGraph(edit.graph, recipe, { ops });
  const found = edit.graph.nodes.map((node) => {
    const plan = nodes.get(node);
    const [input, weight] = plan?.inputs ?? [];
    const integers = weight?.kind === "weight" ? [weight.weight.request.storage] : [];
    const activations = input?.kind === "activation" ? [`static ${input.group.request.storage}`] : [];
    return [node.role, plan?.keep ? `keep ${plan.keep.dtype}` : [...integers, ...activations].join(" ")];
  });
  expect(found).toEqual(BALANCED);
});

test("vlm-balanced leaves what surrounds the layers of a head in the model's type", async () => {
  const recipe = await parseRecipe("version: 1\nextends: preset:vlm-balanced", { file: "r.yaml" });
  expect(planGraph(oneNode("Softmax", "head", false), recipe, { ops }).keeps).toEqual([]);
});

test.each(Object.keys(PRESETS))("preset %s makes int8 of the constant operand of an Einsum", async (name) => {
  const recipe = await parseRecipe(`version: 1\nextends: preset:${name}`, { file: "r.yaml" });
  const { weights } = planGraph(oneNode("Einsum", "vision.block.0.attn.scores"), recipe, { ops });
  expect(weights.map(({ value, request }) => [value.name, request.storage])).toEqual([["w", "i8"]]);
});
