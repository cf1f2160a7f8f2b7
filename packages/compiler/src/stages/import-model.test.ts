import { FilePool } from "@vlm-export/formats/files";
import { type Graph, GraphEditor, type Model, VxError } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { parseRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { normalizeModel } from "./import-model.js";

/** A model of one Relu on `pixels`, normalized with what stands behind `shapes:`. */
async function normalized(shapes: string): Promise<Graph> {
  const recipe = await parseRecipe(`version: 1\nmodel:\n  shapes:\n    ${shapes}\nrules: []\n`, { file: "r.yaml" });
  const ops = standardOps();
  const edit = new GraphEditor(ops, "main");
  const pixels = edit.addInput("pixels", { dtype: "f32", shape: ["batch", 3, "height", 64] });
  edit.addOutput(edit.insert("Relu", [pixels])[0]!);
  const model = { name: "m", components: new Map([["main", edit.graph]]), sources: [] } as unknown as Model;
  return normalizeModel(model, recipe.model.shapes, { ops, pool: new FilePool(), report: () => undefined }).components.get("main") as Graph;
}

test.each(["pixels: [1, 3, 32, 64]", "{ batch: 1, height: 32 }"])("%s fixes the symbols", async (shapes) => {
  const { inputs, outputs } = await normalized(shapes);
  expect([inputs[0]?.type.shape, outputs[0]?.type.shape]).toEqual([
    [1, 3, 32, 64],
    [1, 3, 32, 64],
  ]);
});

test.each([
  ["nope: [1, 3, 64, 64]", 'model.shapes names "nope", which is neither an input', "Inputs: pixels; symbols: batch, height."],
  ["pixles: [1, 3, 64, 64]", 'names "pixles"', 'Did you mean "pixels"?'],
  ["Batch: 1", 'names "Batch"', 'Did you mean "batch"?'],
  ["pixels: [1, 3]", "the shape [1, 3]; the model has [batch, 3, height, 64]", "state only the symbolic ones"],
  ["pixels: [1, 3, 32, 64, 1]", "the shape [1, 3, 32, 64, 1]; the model has", ""],
  ["pixels: [1, 4, 32, 64]", "the shape [1, 4, 32, 64]; the model has", ""],
  ["pixels: 3", 'gives input "pixels" the number 3', "the model has [batch, 3, height, 64]"],
  ["batch: [1]", 'gives symbol "batch" a list', "Write one number."],
])("%s is refused at its place in the recipe", async (shapes, message, hint) => {
  const error: unknown = await normalized(shapes).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(VxError);
  expect((error as VxError).diagnostic).toMatchObject({
    code: "VX-RECIPE-SHAPE",
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
    where: { file: "r.yaml", line: 4, column: 5 },
  });
});
