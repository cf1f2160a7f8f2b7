import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, afterEach, describe, expect, test } from "vitest";
import { ran } from "./run-command.fixture.js";

let dist: string;
beforeEach(() => {
  dist = mkdtempSync(join(tmpdir(), "vlm-export-recorded-run-"));
});
afterEach(() => rmSync(dist, { recursive: true, force: true }));

const HASH = "0".repeat(64);
const tool = { name: "vlm-export", version: "0" };

/** Writes a folder as a run leaves it whose targets ended so; those that are ok have an artifact without tensors and files. */
function written(statuses: Readonly<Record<string, "ok" | "refused" | "failed">>): void {
  const names = Object.keys(statuses);
  const entry = (name: string) => ({ backend: name, formatVersion: "1", folder: name, files: [], tensors: [] });
  const targets = Object.fromEntries(names.filter((name) => statuses[name] === "ok").map((name) => [name, entry(name)]));
  writeFileSync(join(dist, "manifest.json"), JSON.stringify({ schemaVersion: 1, tool, graphHash: HASH, recipeHash: HASH, targets }));
  const reported = Object.fromEntries(names.map((name) => [name, { status: statuses[name] }]));
  writeFileSync(join(dist, "report.json"), JSON.stringify({ targets: reported }));
  writeFileSync(join(dist, "recipe.yaml"), "version: 1\n");
}

/** A backend with this name that finds no tensors, as a plugin file; `deed`: what its decode does before. */
function plugin(name: string, path: string, deed = ""): void {
  const source = `export default {
    name: "${name}", apiVersion: 1, lower: (graph) => graph,
    capabilities: {
      units: ["cpu"], weights: ["i8"], activations: ["f32"], granularities: ["tensor"], blockSizes: [], rules: [],
      optionsSchema: { type: "object", additionalProperties: false },
    },
    emit: async () => ({ formatVersion: "1", tensors: [] }),
    async decode() { ${deed} return { decoder: "acme 1", tensors: [] }; },
  };`;
  writeFileSync(path, source);
}

describe.each([
  ["verify", []],
  ["eval", ["--data", "labels.jsonl"]],
] as const)("%s", (command, rest) => {
  test("a folder without an artifact proves nothing, whatever its report says", async () => {
    written({ tflite: "failed", "onnx-qdq": "refused" });
    const { code, stdout } = await ran(command, dist, ...rest, "--json");
    const { ok, diagnostics } = JSON.parse(stdout) as { ok: boolean; diagnostics: { code: string; message: string; where: object }[] };
    expect({ code, ok }).toEqual({ code: 3, ok: false });
    expect(diagnostics).toMatchObject([
      { code: "VX-VERIFY-NO-TARGETS", message: expect.stringContaining("tflite, onnx-qdq") },
      { code: "VX-VERIFY-REJECTED", where: { backend: "tflite" } },
    ]);
    rmSync(join(dist, "report.json"));
    expect(await ran(command, dist, ...rest)).toMatchObject({ code: 3, stderr: expect.stringContaining("VX-VERIFY-NO-TARGETS") });
  });
});

/** Files and answer of `verify DIST --json`. */
async function verified(...more: readonly string[]) {
  const { code, stdout } = await ran("verify", dist, "--json", ...more);
  return { code, document: JSON.parse(stdout) as unknown };
}

test("a target that the run rejected is not proven, though others are; one that its rules refused is no claim", async () => {
  written({ "onnx-qdq": "ok", tflite: "failed", null: "refused" });
  const { code, document } = await verified();
  expect(code).toBe(3);
  expect(document).toMatchObject({ ok: false, targets: { tflite: { diagnostics: [{ code: "VX-VERIFY-REJECTED" }] } } });
});

test.each([
  ["another graph", { graphHash: "1".repeat(64) }, "onnx-qdq", "graphHash"],
  ["other files", { targets: { "onnx-qdq": { status: "ok", files: [{ path: "onnx-qdq/model.onnx" }] } } }, "onnx-qdq", "the files"],
  ["more tensors", { targets: { "onnx-qdq": { status: "ok", proof: { tensorsCompared: 3 } } } }, "onnx-qdq", "the number of tensors"],
  ["a target more", { targets: { "onnx-qdq": { status: "ok" }, tflite: { status: "ok" } } }, "tflite", "which the manifest does not have"],
  ["no target", { targets: {} }, "onnx-qdq", "which the report does not have"],
])("a report with %s is not of this run", async (_, report, target, message) => {
  written({ "onnx-qdq": "ok" });
  writeFileSync(join(dist, "report.json"), JSON.stringify({ targets: { "onnx-qdq": { status: "ok" } }, ...report }));
  const { code, document } = await verified();
  expect(code).toBe(3);
  expect(document).toMatchObject({ ok: false });
  const { diagnostics } = (document as { targets: Record<string, { diagnostics: { code: string; message: string }[] }> }).targets[target]!;
  expect(diagnostics).toContainEqual(
    expect.objectContaining({ code: "VX-VERIFY-CONTRADICTION", message: expect.stringContaining(message) }),
  );
});

test("a damaged report contradicts, none does not", async () => {
  written({ "onnx-qdq": "ok" });
  writeFileSync(join(dist, "report.json"), "{");
  expect(await verified()).toMatchObject({ code: 3, document: { ok: false } });
  rmSync(join(dist, "report.json"));
  expect((await verified()).document).toMatchObject({ targets: { "onnx-qdq": { diagnostics: [] } } });
});

test("a target whose plugin is not here is told, and the others are verified; the worst decides the exit code", async () => {
  written({ "onnx-qdq": "ok", acme: "ok" });
  const unknown = [expect.objectContaining({ code: "VX-PLUGIN-UNKNOWN-TARGET" })];
  expect(await verified()).toMatchObject({
    code: 1,
    document: { ok: false, targets: { "onnx-qdq": { proof: { tensorsDifferent: 0 } }, acme: { diagnostics: unknown } } },
  });
  written({ "onnx-qdq": "ok", acme: "ok", tflite: "failed" });
  expect(await verified()).toMatchObject({ code: 3, document: { targets: { acme: { diagnostics: unknown } } } });
});

test("an error of a plugin that nothing catches is laid to it", async () => {
  written({ acme: "ok" });
  const path = join(dist, "acme.mjs");
  plugin("acme", path, `setTimeout(() => { throw new Error("late"); }, 0); await new Promise((done) => setTimeout(done, 20));`);
  expect(await verified("--plugin", path)).toMatchObject({
    code: 3,
    document: { ok: false, diagnostics: [{ code: "VX-CLI-STRAY", where: { backend: "acme" } }] },
  });
});

test("verify takes plugins by --plugin, and none that the folder names itself", async () => {
  written({ acme: "ok" });
  const path = join(dist, "acme.mjs");
  plugin("acme", path);
  writeFileSync(join(dist, "recipe.yaml"), `version: 1\nplugins: [${JSON.stringify(path)}]\n`);
  expect(await verified()).toMatchObject({
    code: 1,
    document: { diagnostics: [{ code: "VX-PLUGIN-UNKNOWN-TARGET", hint: expect.stringContaining("--plugin") }] },
  });
  expect(await verified("--plugin", path)).toMatchObject({
    code: 0,
    document: { ok: true, targets: { acme: { proof: { decoder: "acme 1" } } } },
  });
});
