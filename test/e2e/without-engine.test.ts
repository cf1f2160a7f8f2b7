import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Report } from "@vlm-export/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLASSIFIER, type Finished, ROOT, vlmExport } from "./run-cli.js";

/** Module hooks under which the engine's package is not installed. */
const HIDE = `import { register } from "node:module";
const hooks = \`export async function resolve(specifier, context, next) {
  if (!specifier.startsWith("onnxruntime-node")) return next(specifier, context);
  throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: "ERR_MODULE_NOT_FOUND" });
}\`;
register("data:text/javascript," + encodeURIComponent(hooks));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vlm-export-no-engine-"));
  writeFileSync(join(folder, "hide.mjs"), HIDE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function without(...args: readonly string[]): Finished {
  return vlmExport(args, { env: { NODE_OPTIONS: `--import=${join(folder, "hide.mjs")}` }, cwd: folder });
}

test("weights are quantized, emitted and proven; the run is reported as not run", () => {
  const { code, stdout } = without(CLASSIFIER, "-r", "preset:weights-int8", "-t", "onnx-qdq", "-o", "dist", "--json");
  expect(code).toBe(0);
  const target = (JSON.parse(stdout) as Report).targets["onnx-qdq"]!;
  expect(target).toMatchObject({ status: "ok", proof: { tensorsDifferent: 0 }, engine: { status: "not-run" } });
  expect(target.engine?.reason).toContain("onnxruntime-node");
  expect(readFileSync(join(folder, "dist/report.md"), "utf8")).toContain("not run: ");
  expect(without("verify", "dist").code).toBe(0);
});

test.each([
  ["inspect", CLASSIFIER],
  ["plan", CLASSIFIER, "-r", "preset:weights-int8"],
  ["recipe", "init", CLASSIFIER],
  ["backend", "list"],
])("%s works", (...args) => {
  expect(without(...args).code).toBe(0);
});

test("what needs the engine ends with 2 and says how to get it, and so does doctor", () => {
  const run = without(CLASSIFIER, "-r", join(ROOT, "examples/classifier-int8.yaml"), "-t", "onnx-qdq", "-o", "int8");
  expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/VX-ENGINE-MISSING[^]*npm install onnxruntime-node@/)]);
  const doctor = without("doctor");
  expect([doctor.code, doctor.stdout]).toEqual([2, expect.stringMatching(/onnxruntime-node +missing[^]*npm install onnxruntime-node@/)]);
});
