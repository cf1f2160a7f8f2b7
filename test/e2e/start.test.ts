import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CLI, ROOT, vlmExport } from "./run-cli.js";

/** Refuses every import of a package. */
const HOOK = `export const resolve = (name, context, next) => {
  if (/^[@a-z]/.test(name) && !/^(node|data|file):/.test(name)) throw new Error("package " + name);
  return next(name, context);
};`;
const asModule = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const withoutPackages = ["--import", asModule(`import { register } from "node:module"; register(${JSON.stringify(asModule(HOOK))});`)];

test("--version loads no package", () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, "packages/cli/package.json"), "utf8")) as { readonly version: string };
  expect(vlmExport(["--version"], { nodeArgs: withoutPackages })).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: "" });
  for (const args of [
    ["--version", "--json"],
    ["--json", "inspect", "--version"],
  ]) {
    const { code, stdout } = vlmExport(args, { nodeArgs: withoutPackages });
    expect([code, JSON.parse(stdout)]).toEqual([0, { version }]);
  }
  expect(vlmExport(["--help"], { nodeArgs: withoutPackages }).stderr).toContain("package ");
});

test.skipIf(process.platform === "win32")("a working folder that was removed is told as what it is", () => {
  const command = `cd "$(mktemp -d)" && rmdir "$PWD" && exec "$0" "$@"`;
  const run = (...args: readonly string[]) => spawnSync("sh", ["-c", command, process.execPath, CLI, ...args], { encoding: "utf8" });
  const { status, stderr } = run("doctor");
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: expect.stringMatching(/^error VX-CLI-USAGE: the folder that the command runs in was removed/),
  });
  expect(JSON.parse(run("doctor", "--json").stdout)).toMatchObject({ ok: false, diagnostics: [{ code: "VX-CLI-USAGE" }] });
});
