import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Accuracy, EngineReport, Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Runs before the command: a system of which all memory is taken. */
const NOTHING_FREE = `data:text/javascript,${encodeURIComponent(
  'import os from "node:os"; import { syncBuiltinESMExports } from "node:module"; os.freemem = os.totalmem = () => 0; syncBuiltinESMExports();',
)}`;

interface Exported {
  readonly engine: Required<EngineReport>;
  readonly accuracy: Accuracy;
  /** Codes of the findings about the run and about the target. */
  readonly told: readonly string[];
}

function exported(name: string, nodeArgs: readonly string[]): Exported {
  const out = join(folder.path, name);
  const args = ["--recipe", "examples/classifier-int8.yaml", "--target", "onnx-qdq", "--out", out, "--cache", "off", "--json"];
  const { code, stdout } = vlmExport([CLASSIFIER, ...args], { nodeArgs });
  expect(code, stdout).toBe(0);
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  const { engine, accuracy, diagnostics } = report.targets["onnx-qdq"] as Report["targets"][string];
  const told = [...report.diagnostics, ...diagnostics].map((finding) => finding.code);
  return { engine: engine as Required<EngineReport>, accuracy: accuracy as Accuracy, told };
}

test("a model for which no memory is free is calibrated and run with its weights on disk, to the same result but for rounding", () => {
  const held = exported("held", []);
  const mapped = exported("mapped", ["--import", NOTHING_FREE]);
  const news = ["VX-CAL-MAPPED", "VX-VERIFY-MAPPED"];
  expect([held, mapped].map(({ told }) => news.filter((code) => told.includes(code)))).toEqual([[], news]);
  expect([held.engine.samples, mapped.engine.samples]).toEqual([16, 4]);
  expect([held.engine.defaults.status, mapped.engine.defaults.status]).toEqual(["run", "not-run"]);
  expect(mapped.engine.cosine).toBeCloseTo(held.engine.cosine, 2);
  expect(Math.abs(mapped.accuracy.quantized - held.accuracy.quantized)).toBeLessThan(0.01);
});
