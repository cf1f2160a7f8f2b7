import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CLI, type Finished, temporaryFolder, vlmExport } from "../e2e/run-cli.js";
import { seedModels } from "./seed-models.js";

const PRELOAD = fileURLToPath(new URL("fault-at.mjs", import.meta.url));
const folder = temporaryFolder();
const model = join(folder.path, "model.onnx");
const out = join(folder.path, "dist");
let writes = 0;
afterAll(() => folder.remove());

/** Runs the smallest export with a fault right before its n-th change of the file system; 0 lets it end and counts. */
function withFault(kind: "kill" | "full", n: number): Promise<Finished> {
  return new Promise((resolve) => {
    const args = ["--import", PRELOAD, CLI, model, "-t", "null", "-o", out, "--verify", "decode", "--cache", "off", "--quiet"];
    const child = spawn(process.execPath, args, { env: { ...process.env, FAULT: kind, FAULT_AT: String(n), CI: "true" } });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const hidden = (): readonly string[] => readdirSync(folder.path).filter((name) => name.startsWith("."));

beforeAll(async () => {
  writeFileSync(model, (await seedModels())[0]!);
  writes = Number(/writes: (\d+)/.exec((await withFault("kill", 0)).stdout)?.[1]);
  expect(writes).toBeGreaterThan(20);
});

test("killed at every write in turn, a run leaves a whole, verified output or none, and the next run cleans up", async () => {
  for (let n = 1; n <= writes; n += 1) {
    await withFault("kill", n);
    if (existsSync(out)) expect({ n, code: vlmExport(["verify", out, "--quiet"]).code }).toEqual({ n, code: 0 });
  }
  expect((await withFault("kill", 0)).code).toBe(0);
  expect(vlmExport(["verify", out, "--quiet"]).code).toBe(0);
  expect(hidden()).toEqual([]);
}, 400_000);

test("on a disk that is full from any write on, a run ends with a code, keeps the earlier output and leaves nothing", async () => {
  for (let n = 1; n <= writes; n += 5) {
    const { code, stderr } = await withFault("full", n);
    if (code !== 0) expect({ n, code, stderr }).toMatchObject({ n, code: 1, stderr: expect.stringMatching(/VX-(EMIT|QUANT|ENGINE)-/) });
    expect({ n, verified: vlmExport(["verify", out, "--quiet"]).code, hidden: hidden() }).toEqual({ n, verified: 0, hidden: [] });
  }
}, 400_000);
