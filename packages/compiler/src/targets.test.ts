import { parseRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { bareBackend } from "./bare-backend.fixture.js";
import { checkTargetOptions, chosenBackends, unheardTargets } from "./targets.js";

const backend = bareBackend("acme", { io: { enum: ["float32", "int8"] } });

test.each([
  ["{ ioo: int8 }", { line: 3, column: 11 }, 'Did you mean "io"?'],
  ["{ io: int9 }", { line: 3, column: 11 }, "Options of this target: io."],
])("an option %s that the target does not take is told at its place", async (options, place, hint) => {
  const recipe = await parseRecipe(`version: 1\ntargets:\n  acme: ${options}\n`, { file: "r.yaml" });
  const check = (): void => checkTargetOptions(new Map([["acme", { backend, from: "test", version: "0" }]]), recipe);
  expect(check).toThrow(
    expect.objectContaining({
      diagnostic: expect.objectContaining({
        code: "VX-PLUGIN-OPTIONS",
        hint: expect.stringContaining(hint),
        where: { stage: "plan", backend: "acme", file: "r.yaml", ...place },
      }),
    }),
  );
});

test.each(["version: 1\ntargets: { acme: { io: int8 } }\n", "version: 1\n"])(
  "options that it takes, or none, are fine: %j",
  async (text) => {
    const recipe = await parseRecipe(text, { file: "r.yaml" });
    expect(() => checkTargetOptions(new Map([["acme", { backend, from: "test", version: "0" }]]), recipe)).not.toThrow();
  },
);

test("another word for a target is understood as a mistake", () => {
  const found = new Map([["onnx-qdq", { backend, from: "test", version: "0" }]]);
  expect(() => chosenBackends(["onnx"], found)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ hint: "Did you mean onnx-qdq?" }) }),
  );
});

test("what is said of a target that is not there is a warning at its place, with the nearest name", async () => {
  const recipe = await parseRecipe("version: 1\ntargets:\n  acme: { io: int8 }\n  acne: { io: int8 }\n", { file: "r.yaml" });
  expect(unheardTargets(recipe, new Map([["acme", { backend, from: "test", version: "0" }]]))).toEqual([
    expect.objectContaining({
      code: "VX-PLUGIN-UNKNOWN-TARGET",
      severity: "warning",
      hint: "Did you mean acme?",
      where: { stage: "plan", file: "r.yaml", line: 4, column: 11 },
    }),
  ]);
});
