import { spawn } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CLI, temporaryFolder, vlmExport } from "../e2e/run-cli.js";
import { seedModels } from "./seed-models.js";

const KILL = fileURLToPath(new URL("kill-at.mjs", import.meta.url));
const folder = temporaryFolder();
const model = join(folder.path, "model.onnx");
afterAll(() => folder.remove());

/** Runs the smallest export, killed right before its n-th change of the file system; 0 lets it end and counts. */
function killedAt(n: number, out: string): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(
      process.execPath,
      ["--import", KILL, CLI, model, "-t", "null", "-o", out, "--verify", "decode", "--cache", "off", "--quiet"],
      { env: { ...process.env, KILL_AT: String(n), CI: "true" } },
    );
    let stdout = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.on("close", () => resolve(stdout));
  });
}

test("killed at every write in turn, a run leaves no output or a whole, verified one, and the next run cleans up", async () => {
  writeFileSync(model, (await seedModels())[0]!);
  const writes = Number(/writes: (\d+)/.exec(await killedAt(0, join(folder.path, "count")))?.[1]);
  expect(writes).toBeGreaterThan(20);
  const states = new Map<number, "none" | "whole">();
  const out = join(folder.path, "dist");
  for (let n = 1; n <= writes; n += 1) {
    await killedAt(n, out);
    const isThere = existsSync(out);
    if (isThere) expect({ n, code: vlmExport(["verify", out, "--quiet"]).code }).toEqual({ n, code: 0 });
    states.set(n, isThere ? "whole" : "none");
  }
  expect(states.get(1)).toBe("none");
  await killedAt(0, out);
  expect(vlmExport(["verify", out, "--quiet"]).code).toBe(0);
  expect(readdirSync(folder.path).filter((name) => name.startsWith("."))).toEqual([]);
}, 300_000);
