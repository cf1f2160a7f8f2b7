import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, installPlugin, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** Module that counts the worker threads of the process and prints how many there were. */
const COUNT_WORKERS = `data:text/javascript,${encodeURIComponent(`
  import threads from "node:worker_threads";
  import { syncBuiltinESMExports } from "node:module";
  let started = 0;
  const { Worker } = threads;
  threads.Worker = class extends Worker { constructor(...given) { super(...given); started += 1; } };
  syncBuiltinESMExports();
  process.on("exit", () => process.stderr.write("workers started: " + started));
`)}`;

test("a refused target has its findings by node in both reports, others go on, and the command ends with 1", () => {
  const out = join(folder.path, "mixed");
  const { code, stdout } = vlmExport([CLASSIFIER, "-r", "preset:dynamic-int8", "-t", "tflite,onnx-qdq", "-o", out, "--verify", "decode"]);
  const { targets } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as Report;
  expect({ code, tflite: targets["tflite"]!.status, onnx: targets["onnx-qdq"]!.status }).toEqual({
    code: 1,
    tflite: "refused",
    onnx: "ok",
  });
  const [finding] = targets["tflite"]!.diagnostics;
  expect(finding).toMatchObject({
    code: "VX-CHECK-REJECTED",
    message: expect.stringContaining("quantized at run time"),
    where: { stage: "check", backend: "tflite", node: expect.any(String) },
  });
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain(`node ${finding!.where.node!.replaceAll("_", "\\_")}`);
  expect(stdout).toContain(`node ${finding!.where.node}`);
  expect(readdirSync(out)).not.toContain("tflite");
  expect(vlmExport(["verify", out]).code).toBe(0);
});

test("when every target refuses the planned types, no weight is read, no thread is started and nothing is written", () => {
  const out = join(folder.path, "refused");
  const { code, stderr } = vlmExport([CLASSIFIER, "-r", "preset:dynamic-int8", "-t", "tflite", "-o", out], {
    nodeArgs: ["--import", COUNT_WORKERS],
  });
  expect({ code, found: stderr.includes("VX-CHECK-REJECTED target tflite node") }).toEqual({ code: 1, found: true });
  expect(stderr).not.toContain("quantize:");
  expect(stderr).toContain("workers started: 0");
  expect(readdirSync(folder.path)).not.toContain("refused");
});

test("a run that fails on import starts no thread", () => {
  const { code, stderr } = vlmExport(["no-such.onnx", "-t", "onnx-qdq", "-o", join(folder.path, "none")], {
    nodeArgs: ["--import", COUNT_WORKERS],
  });
  expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("workers started: 0") });
});

test("a plugin that does not load is named, and everything else goes on", () => {
  const cwd = join(folder.path, "project");
  const plugin = installPlugin(cwd, "odd", `throw new Error("no licence file");`);
  const doctor = vlmExport(["doctor", "--json"], { cwd });
  const { checks } = JSON.parse(doctor.stdout) as { checks: readonly { what: string; status: string; found: string; hint?: string }[] };
  expect(doctor.code).toBe(2);
  expect(checks.map(({ what }) => what)).toContain("backend onnx-qdq");
  expect(checks.find(({ status }) => status === "broken")).toEqual({
    what: "plugin vlm-export-backend-odd",
    status: "broken",
    found: plugin,
    hint: expect.stringMatching(/no licence file.*Install it again/),
  });
  const list = vlmExport(["backend", "list"], { cwd });
  expect({ code: list.code, stderr: list.stderr }).toEqual({ code: 0, stderr: expect.stringContaining("no licence file") });
  expect(list.stdout).toMatch(/onnx-qdq[^]*vlm-export-backend-odd.*does not load/);
  const plan = vlmExport(["plan", CLASSIFIER, "-t", "onnx-qdq"], { cwd });
  expect({ code: plan.code, stderr: plan.stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(/warning VX-PLUGIN-LOAD.*no licence file/),
  });
});
