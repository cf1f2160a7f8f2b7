import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { compatRulesSchema, manifestSchema, problemLine, problemsOf, recipeSchema, reportSchema } from "./index.js";

const root = new URL("../", import.meta.url);
const { generate } = (await import(fileURLToPath(new URL("scripts/generate.mjs", root)))) as {
  generate(): Promise<ReadonlyMap<string, string>>;
};

test("the generated types and constants are those of the JSON Schemas (else run: node schemas/scripts/generate.mjs)", async () => {
  for (const [name, text] of await generate()) {
    expect(await readFile(new URL(`src/generated/${name}`, root), "utf8"), name).toBe(text);
  }
});

test("every object of a schema is closed unless it is a dictionary", () => {
  const open: string[] = [];
  const visit = (schema: unknown, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { type, properties, additionalProperties } = schema as Record<string, unknown>;
    if (type === "object" && properties !== undefined && additionalProperties !== false) open.push(at);
    for (const [key, value] of Object.entries(schema)) visit(value, `${at}/${key}`);
  };
  visit({ compatRulesSchema, manifestSchema, recipeSchema, reportSchema }, "");
  expect(open).toEqual(["/recipeSchema/definitions/Algorithm"]);
});

const SHA = "0".repeat(64);
const REPORT = {
  schemaVersion: 1,
  tool: { name: "vlm-export", version: "0" },
  headline: [],
  graphHash: SHA,
  recipeHash: SHA,
  plan: { nodes: 0, quantizedNodes: 0, parameters: 0, quantizedParameters: 0, bytesBefore: 0, bytesAfter: 0, calibratedGroups: 0 },
  crossTarget: { tensors: 0, different: 0 },
  gates: [],
  diagnostics: [],
  timings: {},
  peakRssBytes: 0,
};
const TARGET = { status: "ok", diagnostics: [], files: [], lossLedger: [] };
const ACCURACY = { metric: "top1", float: 0.5, quantized: 0.5, n: 4, interval95: [0, 1] };

test.each([
  ["a whole one", { engine: { status: "run", cosine: -1 }, accuracy: ACCURACY, files: [{ path: "m", sizeBytes: 0, sha256: SHA }] }, []],
  ["a cosine of 1.5", { engine: { status: "run", cosine: 1.5 } }, ["targets.t.engine.cosine: maximum 1 does not hold"]],
  ["an accuracy of -1", { accuracy: { ...ACCURACY, quantized: -1 } }, ["targets.t.accuracy.quantized: minimum 0 does not hold"]],
  [
    "an interval beyond 1",
    { accuracy: { ...ACCURACY, interval95: [0, 2] } },
    ["targets.t.accuracy.interval95[1]: maximum 1 does not hold"],
  ],
  ["a path of nothing", { files: [{ path: "", sizeBytes: 0, sha256: SHA }] }, ["targets.t.files[0].path: minLength 1 does not hold"]],
])("a report with %s", (_, target, problems) => {
  const report = { ...REPORT, targets: { t: { ...TARGET, ...target } } };
  expect(problemsOf(reportSchema, report).map(problemLine)).toEqual(problems);
});
