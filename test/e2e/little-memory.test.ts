import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs before the command: a system of which all memory is taken. */
const NOTHING_FREE = `data:text/javascript,${encodeURIComponent(
  'import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; os.freemem = os.totalmem = () => 0; syncBuiltinESMExports();',
)}`;

interface Exported {
  readonly target: Report["targets"][string];
  /** Codes of the findings about the run and about the target. */
  readonly told: readonly string[];
}

function exported(name: string, nodeArgs: readonly string[]): Exported {
  const out = join(folder.path, name);
  const args = ["--recipe", "examples/classifier-int8.yaml", "--target", "onnx-qdq", "--out", out, "--cache", "off", "--json"];
  const { code, stdout } = vlmExport([CLASSIFIER, ...args], { nodeArgs });
  expect(code, stdout).toBe(0);
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  const target = report.targets["onnx-qdq"] as Report["targets"][string];
  return { target, told: [...report.diagnostics, ...target.diagnostics].map((finding) => finding.code) };
}

test("a model for which no memory is free is calibrated and run with its weights on disk, to the same result", () => {
  const held = exported("held", []);
  const mapped = exported("mapped", ["--import", NOTHING_FREE]);
  const news = ["VX-CAL-MAPPED", "VX-VERIFY-MAPPED"];
  expect([held, mapped].map(({ told }) => news.filter((code) => told.includes(code)))).toEqual([[], news]);
  const [before, after] = [held.target.engine, mapped.target.engine];
  expect([before?.samples, after?.samples]).toEqual([16, 4]);
  expect([before?.defaults?.status, after?.defaults?.status]).toEqual(["run", "not-run"]);
  expect(after?.cosine).toBeCloseTo(before?.cosine ?? 0, 2);
  expect(mapped.target.accuracy).toEqual(held.target.accuracy);
});
