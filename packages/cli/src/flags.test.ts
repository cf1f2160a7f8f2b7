import { expect, test } from "vitest";
import { isFlagOn } from "./flags.js";

test.each([
  [["--json"], true],
  [["--json=true"], true],
  [["--json", "true"], true],
  [["--json=false"], false],
  [["--json", "false"], false],
  [["--json", "false", "--json"], true],
  [["inspect", "json"], false],
  [["--jsonl"], false],
  [["inspect", "--", "--json"], false],
] as const)("%j turns --json on: %s", (argv, expected) => {
  expect(isFlagOn(argv, "json")).toBe(expected);
});
