import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { manifestSchema, type Report, reportSchema } from "@vlm-export/schemas";
import { Ajv } from "ajv";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CLASSIFIER, type Finished, interrupted, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
const dist = join(folder.path, "dist");
let run: Finished;
afterAll(() => folder.remove());

describe("the example classifier to two targets", () => {
  beforeAll(() => {
    run = vlmExport([
      CLASSIFIER,
      "-r",
      join(ROOT, "examples/classifier-int8.yaml"),
      "-t",
      "onnx-qdq",
      "-t",
      "tflite",
      "-o",
      dist,
      "--json",
      "--cache",
      "off",
    ]);
  }, 120_000);

  test("ends well and prints one JSON document, which is the report", () => {
    expect(run.stderr + run.stdout.slice(0, run.code === 0 ? 0 : 2000)).not.toContain("internal error");
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual(JSON.parse(readFileSync(join(dist, "report.json"), "utf8")));
  });

  test("outlier channels are reported, the worst first", () => {
    const { outliers = [] } = JSON.parse(run.stdout) as Report;
    const sigmas = outliers.map(({ sigma }) => sigma);
    expect(sigmas.length).toBeGreaterThan(3);
    expect(sigmas).toEqual(sigmas.toSorted((a, b) => b - a));
    expect(Math.min(...sigmas)).toBeGreaterThan(3);
    expect(readFileSync(join(dist, "report.md"), "utf8")).toContain(`Outlier channels (${sigmas.length} values)`);
  });

  test("report and manifest keep their schemas", () => {
    const ajv = new Ajv({ strict: false });
    const report = JSON.parse(readFileSync(join(dist, "report.json"), "utf8")) as Report;
    const manifest: unknown = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
    const validReport = ajv.compile(reportSchema as object);
    const validManifest = ajv.compile(manifestSchema as object);
    expect([validReport(report), validReport.errors]).toEqual([true, null]);
    expect([validManifest(manifest), validManifest.errors]).toEqual([true, null]);
  });

  test("every integer is proven on both targets and equal across them, and accuracy stays within a point of float", () => {
    const { targets, crossTarget } = JSON.parse(run.stdout) as Report;
    for (const name of ["onnx-qdq", "tflite"]) {
      const { status, proof, engine, accuracy } = targets[name]!;
      expect({ name, status }).toEqual({ name, status: "ok" });
      expect(proof!.tensorsCompared).toBeGreaterThan(100);
      expect(proof!.tensorsDifferent).toBe(0);
      expect(engine?.status).toBe("run");
      expect(accuracy!.n).toBe(256);
      expect(accuracy!.quantized).toBeGreaterThanOrEqual(accuracy!.float - 0.0101);
    }
    expect(Math.abs(targets["onnx-qdq"]!.accuracy!.quantized - targets["tflite"]!.accuracy!.quantized)).toBeLessThanOrEqual(0.0101);
    expect(crossTarget.tensors).toBeGreaterThan(100);
    expect(crossTarget.different).toBe(0);
  });

  test("verify proves the folder again, and finds a flipped bit", () => {
    expect(vlmExport(["verify", dist]).code).toBe(0);
    const file = join(dist, "onnx-qdq/model.onnx");
    const bytes = readFileSync(file);
    const middle = Math.floor(bytes.length / 2);
    bytes[middle] = bytes[middle]! ^ 1;
    writeFileSync(file, bytes);
    const { code, stderr } = vlmExport(["verify", dist]);
    expect({ code, found: stderr.includes("VX-VERIFY-FILE") }).toEqual({ code: 3, found: true });
    bytes[middle] = bytes[middle]! ^ 1;
    writeFileSync(file, bytes);
  });

  test("eval measures both artifacts against float, and says on stderr where it is", () => {
    const { code, stdout, stderr } = vlmExport([
      "eval",
      dist,
      "--data",
      join(ROOT, "examples/tiny-llava/classifier-eval.jsonl"),
      "--labels",
      join(ROOT, "examples/tiny-llava/classifier-labels.json"),
      "--limit",
      "32",
      "--json",
    ]);
    const { targets } = JSON.parse(stdout) as { targets: Record<string, { accuracy: { n: number; float: number } }> };
    expect(code).toBe(0);
    expect(Object.values(targets).map(({ accuracy }) => accuracy.n)).toEqual([32, 32]);
    expect(stderr).toMatch(/^onnx-qdq verify: [\d.]+ s, \d+ MB\ntflite verify: [\d.]+ s, \d+ MB\n$/);
  });

  test("a second run gives the same bytes", () => {
    const again = join(folder.path, "again");
    vlmExport([
      CLASSIFIER,
      "-r",
      join(ROOT, "examples/classifier-int8.yaml"),
      "-t",
      "onnx-qdq",
      "-t",
      "tflite",
      "-o",
      again,
      "--verify",
      "decode",
      "--cache",
      "off",
    ]);
    expect(readFileSync(join(again, "manifest.json"), "utf8")).toBe(readFileSync(join(dist, "manifest.json"), "utf8"));
  });
});

describe("what can go wrong", () => {
  const out = join(folder.path, "out");
  const untouched = () => expect(readdirSync(folder.path).filter((name) => name.startsWith(".") || name === "out")).toEqual([]);

  test.each([
    [["no-such.onnx", "-t", "onnx-qdq"], 1, "VX-IMPORT-"],
    [[CLASSIFIER, "-t", "onnx-qqd"], 1, "VX-PLUGIN-UNKNOWN-TARGET"],
    [[CLASSIFIER, "-t", "onnx-qdq", "-r", "preset:int9"], 1, "VX-RECIPE-"],
    [[CLASSIFIER, "-t", "onnx-qdq", "-r", "preset:int8"], 1, "VX-RECIPE-NO-DATA"],
    [[CLASSIFIER, "-t", "onnx-qdq", "--calibration", "no-such.jsonl", "-r", "preset:int8"], 1, "VX-CAL-"],
    [[CLASSIFIER, "-t", "onnx-qdq", "--verify", "maybe"], 1, "VX-CLI-USAGE"],
    [[CLASSIFIER], 1, "VX-CLI-USAGE"],
  ])("%j ends with exit %i and %s, and nothing is written", (args, code, expected) => {
    const result = vlmExport([...args, "-o", out]);
    expect({ code: result.code, text: result.stderr }).toMatchObject({ code, text: expect.stringContaining(expected) });
    untouched();
  });

  test("--json prints one document on failure too", () => {
    const { code, stdout } = vlmExport(["no-such.onnx", "-t", "onnx-qdq", "-o", out, "--json"]);
    expect({ code, document: JSON.parse(stdout) as unknown }).toMatchObject({
      code: 1,
      document: { ok: false, diagnostics: [{ severity: "error" }] },
    });
  });

  test("a folder of somebody else is not replaced", () => {
    const theirs = join(folder.path, "theirs");
    mkdirSync(theirs);
    writeFileSync(join(theirs, "thesis.txt"), "years of work");
    const { code, stderr } = vlmExport([CLASSIFIER, "-t", "onnx-qdq", "-o", theirs]);
    expect({ code, found: stderr.includes("VX-EMIT-FOLDER-FOREIGN") }).toEqual({ code: 1, found: true });
    expect(readFileSync(join(theirs, "thesis.txt"), "utf8")).toBe("years of work");
  });

  test("Ctrl-C leaves nothing and ends with 130", async () => {
    const { code } = await interrupted(
      [CLASSIFIER, "-r", join(ROOT, "examples/classifier-int8.yaml"), "-t", "onnx-qdq", "-o", out, "--cache", "off"],
      (stderr) => stderr.includes("plan:"),
    );
    expect(code).toBe(130);
    untouched();
  });

  test("of two runs on one folder one wins, whole", async () => {
    const shared = join(folder.path, "shared");
    const args = [CLASSIFIER, "-t", "onnx-qdq", "-o", shared];
    const never = (): boolean => false;
    const results = await Promise.all([interrupted(args, never), interrupted(args, never)]);
    const codes = results.map(({ code }) => code).toSorted();
    expect(codes[0]).toBe(0);
    expect(results.every(({ code, stderr }) => code === 0 || stderr.includes("VX-EMIT-FOLDER-BUSY"))).toBe(true);
    expect(vlmExport(["verify", shared]).code).toBe(0);
  });

  test("a failed gate ends with 3, names the worst layers and puts the artifact aside", () => {
    const recipe = join(folder.path, "strict.yaml");
    writeFileSync(
      recipe,
      `version: 1\nextends: [preset:int8-full]\ncalibration: { data: random, samples: 2 }\ngates: { minCosine: 0.9999999 }\n`,
    );
    const strict = join(folder.path, "strict");
    const { code, stdout } = vlmExport([CLASSIFIER, "-r", recipe, "-t", "onnx-qdq", "-o", strict, "--json", "--cache", "off"]);
    const report = JSON.parse(stdout) as Report;
    expect(code).toBe(3);
    expect(report.headline[0]).toContain("RANDOM");
    expect(report.gates.find(({ gate }) => gate === "minCosine")).toMatchObject({
      status: "failed",
      worstLayers: expect.arrayContaining([expect.any(String)]),
    });
    expect([existsSync(join(strict, "onnx-qdq")), existsSync(join(strict, "rejected/onnx-qdq/model.onnx"))]).toEqual([false, true]);
  });
});
