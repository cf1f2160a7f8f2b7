import type { Recipe } from "@vlm-export/recipe";
import type { Accuracy, EngineReport } from "@vlm-export/schemas";
import { expect, test } from "vitest";
import { type GateRules, judgeGates } from "./gates.js";

const LABELS: Recipe["eval"] = { data: "labels.jsonl", metric: "top-1" };
const STATED: Recipe["origins"] = new Map([["gates.maxDegradation", { file: "recipe.yaml", line: 7 }]]);
const BY_DEFAULT: Recipe["origins"] = new Map([["gates.maxDegradation", "default"]]);

const accuracy = (float: number, quantized: number): Accuracy => ({ metric: "top-1", float, quantized, n: 100, interval95: [0, 1] });

/** The gate maxDegradation of one target that is fine. */
function degradation(
  measured: { readonly accuracy?: Accuracy; readonly engine?: EngineReport },
  { verify = "run", ...recipe }: Partial<Pick<Recipe, "eval" | "origins"> & Pick<GateRules, "verify">> = {},
) {
  const rules: GateRules = { recipe: { gates: { maxDegradation: 0.02 }, eval: LABELS, origins: BY_DEFAULT, ...recipe }, verify };
  return judgeGates(new Map([["tflite", { status: "ok", ...measured }]]), rules)[0];
}

test("a float model that is right on no sample passes no gate: one that is stated fails, the default is not run", () => {
  const reason = "the float model is right on none of the samples; check the labels";
  const measured = { accuracy: accuracy(0, 0) };
  expect(degradation(measured, { origins: STATED })).toEqual({
    gate: "maxDegradation",
    target: "tflite",
    status: "failed",
    limit: 0.02,
    reason,
    line: 7,
  });
  expect(degradation(measured)).toEqual({ gate: "maxDegradation", target: "tflite", status: "not-run", limit: 0.02, reason });
});

test("the loss is relative to float", () => {
  expect(degradation({ accuracy: accuracy(0.5, 0.495) })).toMatchObject({ status: "passed", value: expect.closeTo(0.01, 12) });
  expect(degradation({ accuracy: accuracy(0.5, 0.48) })).toMatchObject({ status: "failed", value: expect.closeTo(0.04, 12) });
});

test("the line is that of the recipe which states the gate; a default has none", () => {
  const measured = { accuracy: accuracy(1, 1) };
  expect(degradation(measured, { origins: STATED })).toMatchObject({ status: "passed", line: 7 });
  expect(degradation(measured)).not.toHaveProperty("line");
});

test("a gate that was not run says why: no labels, --verify, or what the engine lacks", () => {
  const reasonOf = (...given: Parameters<typeof degradation>) => degradation(...given)?.reason;
  expect(reasonOf({}, { eval: undefined } as { eval?: never })).toBe("the recipe names no eval.data");
  expect(reasonOf({}, { verify: "decode" })).toBe("the artifact was not run (--verify decode)");
  expect(reasonOf({ engine: { status: "not-run", reason: "no engine here" } })).toBe("no engine here");
});

test("targets that were refused or have failed are not judged", () => {
  const rules: GateRules = { recipe: { gates: { maxDegradation: 0.02, minCosine: 0.9 }, origins: new Map() }, verify: "run" };
  expect(
    judgeGates(
      new Map([
        ["a", { status: "refused" }],
        ["b", { status: "failed" }],
      ]),
      rules,
    ),
  ).toEqual([]);
});
