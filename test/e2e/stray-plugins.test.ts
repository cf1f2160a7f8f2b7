import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, type Finished, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const CAPABILITIES = `{
  units: ["cpu"], weights: ["i8"], activations: ["f32"], granularities: ["tensor", "channel"], blockSizes: [],
  rules: [{ id: "stray/all", op: "*", units: ["cpu"], verdict: "native", reason: "Nothing is run.", source: "this test" }],
  optionsSchema: { type: "object", additionalProperties: false },
}`;

/** Exports with a plugin whose `emit` does `deed`. Gives what it printed, and what it left beside the plugin and its recipe. */
function exported(name: string, deed: string): { readonly run: Finished; readonly left: readonly string[] } {
  const at = join(folder.path, name);
  mkdirSync(at);
  writeFileSync(
    join(at, "plugin.mjs"),
    `export default { name: "stray", apiVersion: 1, capabilities: ${CAPABILITIES}, lower: (graph) => graph,
      async emit() { ${deed}; return { formatVersion: "1", tensors: [] }; },
      async decode() { return { decoder: "stray 1", tensors: [] }; } };`,
  );
  writeFileSync(join(at, "recipe.yaml"), "version: 1\nextends: [preset:weights-int8]\nplugins: [./plugin.mjs]\n");
  const run = vlmExport([CLASSIFIER, "-r", join(at, "recipe.yaml"), "-t", "stray", "-o", join(at, "dist"), "--cache", "off", "--json"]);
  return { run, left: readdirSync(at).filter((file) => file !== "plugin.mjs" && file !== "recipe.yaml") };
}

test.each([
  ["timer", `setTimeout(() => { throw new Error("late"); }, 0); await new Promise((done) => setTimeout(done, 20))`],
  ["rejection", `void Promise.reject(new Error("late")); await new Promise((done) => setTimeout(done, 20))`],
  ["exit-in-timer", `setTimeout(() => process.exit(0), 0); await new Promise((done) => setTimeout(done, 20))`],
])("an error of a plugin that nothing catches (%s) is laid to it in one document, with exit 3, and nothing is left", (name, deed) => {
  const { run, left } = exported(name, deed);
  expect({ code: run.code, document: JSON.parse(run.stdout) as unknown, left }).toEqual({
    code: 3,
    document: {
      ok: false,
      diagnostics: [expect.objectContaining({ code: "VX-CLI-STRAY", where: { stage: "report", backend: "stray" } })],
    },
    left: [],
  });
});

test("a plugin that ends the process past all handlers leaves a document", () => {
  const { run } = exported("past", "const end = process.reallyExit; process.emit('exit', 0); end.call(process, process.exitCode)");
  expect({ code: run.code, document: JSON.parse(run.stdout) as unknown }).toMatchObject({
    code: 70,
    document: { ok: false, diagnostics: [{ code: "VX-CLI-UNFINISHED" }] },
  });
});

test("a plugin whose module never finishes loading ends the command with a document", () => {
  const path = join(folder.path, "never.mjs");
  writeFileSync(path, "await new Promise(() => undefined);\nexport default {};\n");
  const { code, stdout } = vlmExport(["backend", "test", path, "--json"]);
  expect({ code, document: JSON.parse(stdout) as unknown }).toMatchObject({
    code: 70,
    document: { ok: false, diagnostics: [{ code: "VX-CLI-UNFINISHED" }] },
  });
  expect(vlmExport(["backend", "test", path])).toMatchObject({
    code: 70,
    stdout: "",
    stderr: expect.stringContaining("VX-CLI-UNFINISHED"),
  });
});

test("process.exit in a hook is that hook's error; what a plugin prints is no part of the document", () => {
  const { run } = exported("exit", `console.log("hello"); process.exit(0)`);
  expect(run.code).toBeGreaterThan(0);
  expect(JSON.stringify(JSON.parse(run.stdout))).toContain("process.exit(0) was called");
  expect(run.stderr).toContain("hello\n");
});

test("the help stands on stdout, with --json too", () => {
  expect(vlmExport(["recipe", "--help", "--json"])).toMatchObject({ code: 0, stdout: expect.stringContaining("recipe init") });
});
