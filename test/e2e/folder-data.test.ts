import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";

const EXAMPLE = join(ROOT, "examples/tiny-llava");
const folder = temporaryFolder();
afterAll(() => folder.remove());
const at = (name: string): string => join(folder.path, name);

interface Line {
  readonly image: string;
  readonly label: string;
}

/** The pictures of the example's JSONL file, in sub-folders named like their labels, and the lines that name them in the order of the folder. */
function asFolder(source: string, name: string): void {
  const lines = readFileSync(join(EXAMPLE, source), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  const turns = new Map<string, number>();
  const placed = lines
    .toSorted((a, b) => (a.image < b.image ? -1 : 1))
    .map(({ image, label }) => {
      const turn = turns.get(label) ?? 0;
      turns.set(label, turn + 1);
      return { turn, label, from: join(EXAMPLE, image), image: join(name, label, basename(image)) };
    });
  for (const { from, image } of placed) {
    mkdirSync(join(at(image), ".."), { recursive: true });
    copyFileSync(from, at(image));
  }
  const ordered = placed.toSorted((a, b) => a.turn - b.turn || (a.label < b.label ? -1 : 1));
  writeFileSync(at(`${name}.jsonl`), ordered.map(({ image, label }) => JSON.stringify({ image, label })).join("\n"));
}

function exported(calibration: string, evaluation: string): Report {
  const recipe = `version: 1\nextends: preset:int8-full\ncalibration: { data: ${calibration}, samples: 24, method: percentile }
eval: { data: ${evaluation}, labels: ${join(EXAMPLE, "classifier-labels.json")}, samples: 100 }\n`;
  writeFileSync(at("recipe.yaml"), recipe);
  const out = ["-o", at("dist"), "--cache", at("cache"), "--json"];
  const { code, stdout, stderr } = vlmExport([CLASSIFIER, "-r", at("recipe.yaml"), "-t", "onnx-qdq", ...out]);
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as Report;
}

/** What the report measured, without times. */
function numbersOf({ graphHash, plan, targets }: Report): object {
  const { proof, accuracy, engine } = targets["onnx-qdq"] as Report["targets"][string];
  const { data: _, ...measured } = engine as { readonly data?: string };
  return { graphHash, plan, proof, accuracy, measured };
}

function evaluated(data: string): unknown {
  const { code, stdout } = vlmExport(["eval", at("dist"), "--data", at(data), "--limit", "70", "--json"]);
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

test("folders with a sub-folder for each class give the numbers of JSONL files with their pictures in that order", () => {
  asFolder("classifier-calibration.jsonl", "calibration");
  asFolder("classifier-eval.jsonl", "eval");
  copyFileSync(join(EXAMPLE, "classifier-labels.json"), at("labels.json"));
  const fromLines = exported("calibration.jsonl", "eval.jsonl");
  const fromFolders = exported("calibration/", "eval");
  expect(fromLines.targets["onnx-qdq"]?.accuracy?.n).toBe(100);
  expect(numbersOf(fromFolders)).toEqual(numbersOf(fromLines));
  expect([fromLines.calibration?.reused, fromFolders.calibration?.reused]).toEqual([false, true]);
  expect(evaluated("eval")).toEqual(evaluated("eval.jsonl"));
  const out = vlmExport([CLASSIFIER, "-r", at("recipe.yaml"), "-t", "onnx-qdq", "-o", at("eval"), "--cache", at("cache")]);
  expect(out).toMatchObject({ code: 1, stderr: expect.stringContaining("VX-EMIT-FOLDER-FOREIGN") });
}, 120_000);
