import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT, vlmExport } from "../e2e/run-cli.js";
import { codeBlocks } from "./code-blocks.js";

const EXAMPLE = join(ROOT, "examples/tiny-llava");
const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const commands = codeBlocks(readme, "sh")
  .flatMap((block) => block.split("\n"))
  .filter((line) => line.startsWith("vlm-export "))
  .map((line) => line.replace(/\s+#.*$/, ""));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vlm-export-readme-"));
  copyFileSync(join(EXAMPLE, "onnx/classifier.onnx"), join(folder, "model.onnx"));
  copyFileSync(join(EXAMPLE, "preprocessor_config.json"), join(folder, "preprocessor_config.json"));
  copyFileSync(join(EXAMPLE, "classifier-calibration.jsonl"), join(folder, "samples.jsonl"));
  copyFileSync(join(EXAMPLE, "classifier-eval.jsonl"), join(folder, "labels.jsonl"));
  copyFileSync(join(EXAMPLE, "classifier-labels.json"), join(folder, "labels.json"));
  symlinkSync(join(EXAMPLE, "images"), join(folder, "images"));
  symlinkSync(join(ROOT, "packages/backend-null"), join(folder, "my-backend"));
  writeFileSync(join(folder, "recipe.yaml"), codeBlocks(readme, "yaml")[0] ?? "");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the README has commands", () => {
  expect(commands.length).toBeGreaterThan(10);
});

test.each(commands)("%s", (command) => {
  const { code, stdout, stderr } = vlmExport(command.split(/\s+/).slice(1), { cwd: folder });
  expect(`${code} ${stderr}`).toMatch(/^0 /);
  expect(stdout.length).toBeGreaterThan(0);
});
