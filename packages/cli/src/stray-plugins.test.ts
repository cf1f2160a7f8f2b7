import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { ran } from "./run-command.fixture.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-stray-plugins-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CAPABILITIES = `{
  units: ["cpu"], weights: ["i8"], activations: ["f32"], granularities: ["tensor"], blockSizes: [],
  rules: [{ id: "stray/all", op: "*", units: ["cpu"], verdict: "native", reason: "Nothing is run.", source: "this test" }],
  optionsSchema: { type: "object", additionalProperties: false },
}`;

/** A backend that does `deed` and then writes nothing. */
function plugin(deed: string): string {
  const path = join(folder, `${deed.replaceAll(/\W/g, "").slice(0, 40)}.mjs`);
  writeFileSync(
    path,
    `export default { name: "stray", apiVersion: 1, capabilities: ${CAPABILITIES}, lower: (graph) => graph,
      async emit() { ${deed}; return { formatVersion: "1", tensors: [] }; },
      async decode() { return { decoder: "stray 1", tensors: [] }; } };`,
  );
  return path;
}

test("what a plugin prints to stdout goes to stderr under --json", async () => {
  const { stdout, stderr } = await ran("backend", "test", plugin(`console.log("hello"); process.stdout.write("there\\n")`), "--json");
  expect(JSON.parse(stdout)).toMatchObject({ backend: "stray" });
  expect(stderr).toContain("there\n");
  expect(await ran("recipe", "validate", "preset:int8")).toMatchObject({ stdout: expect.stringContaining("fine"), stderr: "" });
});

test("process.exit in a hook fails that hook only", async () => {
  const { code, stdout } = await ran("backend", "test", plugin("process.exit(0)"), "--json");
  expect(code).toBe(3);
  expect(JSON.stringify(JSON.parse(stdout))).toContain("process.exit(0) was called");
});
