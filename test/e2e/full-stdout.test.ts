import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { expect, test } from "vitest";
import { CLASSIFIER, CLI } from "./run-cli.js";

const FULL = "/dev/full";

test.skipIf(!existsSync(FULL)).each([
  ["a short answer", "--version"],
  ["a document", "inspect", CLASSIFIER, "--json"],
])("%s that stdout does not take is a coded error", (_, ...args) => {
  const stdout = openSync(FULL, "w");
  try {
    const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", stdio: ["ignore", stdout, "pipe"] });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringMatching(/^error VX-CLI-OUTPUT: .*ENOSPC.*\n$/) });
  } finally {
    closeSync(stdout);
  }
});
