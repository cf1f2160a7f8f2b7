import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeLock } from "./folder-lock.js";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vlm-export-lock-"));
  path = join(folder, "lock");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const busy = expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-EMIT-FOLDER-BUSY" }) });

test("a lock is held until it is released, and only its own release removes it", () => {
  const first = takeLock(path, "dist");
  expect(() => takeLock(path, "dist")).toThrow(busy);
  first.release();
  const second = takeLock(path, "dist");
  first.release();
  expect(readdirSync(folder)).toEqual(["lock"]);
  second.release();
  expect(readdirSync(folder)).toEqual([]);
});

test("a lock with the id of this process that this process did not take is that of a killed one before it, as in a container", () => {
  writeFileSync(path, JSON.stringify({ pid: process.pid, host: hostname() }));
  takeLock(path, "dist").release();
  expect(readdirSync(folder)).toEqual([]);
});

test("a lock of a process that runs is busy; one of another process that had its id is not", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  try {
    writeFileSync(path, JSON.stringify({ pid: other.pid, host: hostname() }));
    expect(() => takeLock(path, "dist")).toThrow(busy);
    writeFileSync(path, JSON.stringify({ pid: other.pid, host: hostname(), started: "1" }));
    if (process.platform === "linux") takeLock(path, "dist").release();
  } finally {
    other.kill();
  }
});

test("a lock of another host is busy, and one that cannot be read is stale", () => {
  writeFileSync(path, JSON.stringify({ pid: 1, host: `not-${hostname()}` }));
  expect(() => takeLock(path, "dist")).toThrow(busy);
  writeFileSync(path, "{");
  takeLock(path, "dist").release();
});
