import { readFileSync } from "node:fs";
import { join } from "node:path";
import { VxError } from "@vlm-export/ir";
import { parseRecipe } from "@vlm-export/recipe";
import { expect, test } from "vitest";
import { ROOT } from "../e2e/run-cli.js";

const page = readFileSync(join(ROOT, "docs/recipe.md"), "utf8");

/** What stands under a heading of the page. */
function sectionOf(title: string): string {
  return page.split("\n## ").find((section) => section.startsWith(`${title}\n`)) ?? "";
}

test("docs/recipe.md says of every key what it may be and what it means", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.length).toBeGreaterThan(60);
  expect(rows.filter((row) => row.includes("undefined") || /\|\s*\|/.test(row))).toEqual([]);
});

const WEIGHTS = "rules: [{ match: { op: MatMul }, weights:";
const ACTIVATIONS = "rules: [{ match: { op: MatMul }, activations:";
const REFUSED: readonly (readonly [section: string, key: string, text: string])[] = [
  ["The file", "placement", "placement: [{ match: { op: MatMul }, unit: npu }]"],
  ["The file", "onLoss", "onLoss: requantize"],
  ["calibration", "modality", "calibration: { modality: union }"],
  ["calibration", "components", "calibration: { components: { vision: {} } }"],
  ["rules[]", "values", "rules: [{ match: { op: MatMul }, values: { dtype: int8 } }]"],
  ["rules[]", "keep", "rules: [{ match: { op: MatMul }, keep: bfloat16 }]"],
  ...["uint2", "int16", "uint16", "float16", "bfloat16", "float8e4m3", "float8e5m2"].map(
    (word) => ["rules[].weights", "dtype", `${WEIGHTS} { dtype: ${word} } }]`] as const,
  ),
  ...["universal", "lpbq", "q4k"].map(
    (word) => ["rules[].weights", "scaleLattice", `${WEIGHTS} { dtype: int4, scaleLattice: ${word} } }]`] as const,
  ),
  ...["gptq", "awq", "smoothquant"].map(
    (word) => ["rules[].weights", "algorithm", `${WEIGHTS} { dtype: int4, algorithm: ${word} } }]`] as const,
  ),
  ...["int4", "uint4", "int2", "uint2", "float16", "bfloat16", "float8e4m3", "float8e5m2"].map(
    (word) => ["rules[].activations", "dtype", `${ACTIVATIONS} { dtype: ${word} } }]`] as const,
  ),
  ["gates", "maxLatencyRatio", "gates: { maxLatencyRatio: 1 }"],
  ["eval", "metric", "eval: { data: labels.jsonl, metric: exact-match }"],
];

test.each(REFUSED)("%s %s: what is refused is said to be (%s)", async (section, key, text) => {
  const refusal = await parseRecipe(`version: 1\n${text}\n`, { file: "recipe.yaml" }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(VxError);
  expect((refusal as VxError).diagnostics.map(({ code }) => code)).toContain("VX-RECIPE-NOT-EXECUTED");
  expect(sectionOf(section)).toMatch(new RegExp(`\\| \`${key}\`.*Not executed by this version`));
});
