import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { runOnThreads } from "./thread-pool.js";

const folder = mkdtempSync(join(tmpdir(), "thread-pool-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A module of threads, as worker.ts is one. */
function moduleOf(name: string, code: string): URL {
  const path = join(folder, name);
  writeFileSync(path, code);
  return pathToFileURL(path);
}

const task = { kind: "sha256", range: { path: "none", begin: 0, end: 0 } } as const;

test("threads that cannot start fail open and later tasks with their reason, and the process lives", async () => {
  const runner = runOnThreads(moduleOf("broken.mjs", "throw new Error('no start');"), 2);
  runner.start();
  await expect(Promise.all([runner.run(task), runner.run(task), runner.run(task)])).rejects.toThrow("no start");
  await expect(runner.run(task)).rejects.toThrow("no start");
  await runner.close();
});

test("threads that have failed when the pool closes, of which this thread has not heard yet, do no harm", async () => {
  const runner = runOnThreads(moduleOf("silent.mjs", "throw new Error('unheard');"), 2);
  runner.start();
  await import("tinypool");
  await Promise.resolve();
  for (const end = performance.now() + 400; performance.now() < end; ); // the threads start and fail; nothing is received
  await runner.close();
});

test("a thread that an error ends inside a task fails it", async () => {
  const code = "export const work = () => new Promise(() => setImmediate(() => { throw new Error('lost'); }));";
  const runner = runOnThreads(moduleOf("lost.mjs", code), 1);
  await expect(runner.run(task)).rejects.toThrow("lost");
  await runner.close();
});

test("a pool that never had a task closes", async () => {
  const runner = runOnThreads(moduleOf("unused.mjs", "export const work = () => undefined;"), 1);
  await runner.close();
});
