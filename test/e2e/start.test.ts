import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, vlmExport } from "./run-cli.js";

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
