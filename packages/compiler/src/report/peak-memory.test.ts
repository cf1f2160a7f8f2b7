import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { peakMemoryBytes } from "./peak-memory.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-memory-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the peak is the one that the system states for this program", () => {
  const file = join(folder, "status");
  writeFileSync(file, "Name:\tnode\nVmPeak:\t  900000 kB\nVmHWM:\t   12345 kB\nVmRSS:\t   10000 kB\n");
  expect(peakMemoryBytes(file)).toBe(12345 * 1024);
});

test.each(["no-such-file", "status-without-peak"])("without it (%s) the peak is that of the process's usage", (name) => {
  writeFileSync(join(folder, "status-without-peak"), "Name:\tnode\n");
  expect(peakMemoryBytes(join(folder, name))).toBe(process.resourceUsage().maxRSS * 1024);
});

test("the peak of this process is no less than a program of Node takes", () => {
  expect(peakMemoryBytes()).toBeGreaterThan(10e6);
});
