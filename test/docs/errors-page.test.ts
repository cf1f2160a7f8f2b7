import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../e2e/run-cli.js";

test("docs/errors.md gives each code a meaning", () => {
  const rows = readFileSync(join(ROOT, "docs/errors.md"), "utf8").split("\n");
  expect(rows.filter((row) => row.includes("|  |"))).toEqual([]);
  expect(rows.filter((row) => row.startsWith("| `VX-")).length).toBeGreaterThan(0);
});
