import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isSameRunning, startOf, thisProcess } from "./process-owner.js";

const root = mkdtempSync(join(tmpdir(), "vlm-owner-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("this process runs, and one of its id that started at another time does not", () => {
  const own = thisProcess();
  expect(isSameRunning(own)).toBe(true);
  expect(isSameRunning({ pid: own.pid })).toBe(true);
  expect(isSameRunning({ pid: own.pid, started: "1" })).toBe(own.started === undefined);
});

test("a process that has ended does not run", () => {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  expect(isSameRunning({ pid })).toBe(false);
});

test("the start is field 22, whatever the name of the program holds", () => {
  const numbers = Array.from({ length: 49 }, (_, i) => i + 4); // fields 4 to 52
  writeFileSync(join(root, "stat"), `7 (a ) (b c) S ${numbers.join(" ")}\n`);
  expect(startOf(7, join(root, "stat"))).toBe("22");
  expect(startOf(7, join(root, "no-such-file"))).toBeUndefined();
});
