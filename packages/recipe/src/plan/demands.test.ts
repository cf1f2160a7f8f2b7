import { f32Tensor, GraphEditor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, planGraph } from "../index.js";
import { ops } from "./ops.fixture.js";

test("a split that cannot be leaves int32 biases and shared qparams as they are", async () => {
  const edit = new GraphEditor(ops, "gemm");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const table = edit.addConstant("w", f32Tensor(new Float32Array(48), [3, 4, 4]));
  const [y] = edit.insert("Gemm", [x, table, edit.addConstant("b", f32Tensor([1, 2, 3, 4], [4]))], {}, { name: "fc" });
  edit.addOutput(y!);
  const rule = `version: 1\nrules:\n  - { match: { op: Gemm }, weights: { dtype: int8 }, activations: { dtype: int8 }`;
  const of = async (more: string): Promise<readonly unknown[]> => {
    const { groups, biases } = planGraph(edit.graph, await parseRecipe(`${rule}${more} }`, { file: "r.yaml" }), { ops });
    return [groups.map(({ values, splits }) => [values.length, splits.length]), biases.length];
  };
  expect(await of(", split: { outliers: float16 }")).toEqual(await of(""));
});

test("outputs that nobody reads are not in the plan", async () => {
  const edit = new GraphEditor(ops, "unread");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const [y] = edit.insert("Relu", [x], {}, { name: "relu" });
  edit.insert("Log", [x], {}, { name: "log", outputs: ["unread"] });
  edit.addOutput(y!);
  const recipe = await parseRecipe('version: 1\nrules:\n  - { match: { op: "*" }, activations: { dtype: int8, outputs: true } }', {
    file: "r.yaml",
  });
  const { groups } = planGraph(edit.graph, recipe, { ops });
  expect(groups.flatMap(({ values }) => values.map(({ name }) => name))).toEqual(["x", y!.name]);
});
