import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { CLASSIFIER, CLI, ROOT, temporaryFolder } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const RECIPE = join(ROOT, "examples/classifier-int8.yaml");

/** Exports the example in a shell with a limit; `made`: what lies where the output goes, afterwards. */
function exportWithin(limit: string): { readonly code: number | null; readonly stderr: string; readonly made: readonly string[] } {
  const at = join(folder.path, limit.replaceAll(/\W+/g, ""));
  mkdirSync(at);
  const args = [CLI, CLASSIFIER, "-r", RECIPE, "-t", "onnx-qdq", "-o", join(at, "dist"), "--verify", "decode", "--cache", "off", "--quiet"];
  const { status, stderr } = spawnSync("sh", ["-c", `ulimit ${limit} && exec "$@"`, "sh", process.execPath, ...args], { encoding: "utf8" });
  return { code: status, stderr, made: readdirSync(at) };
}

describe.skipIf(process.platform !== "linux")("a limit of the system", () => {
  test.each([26, 30, 34])("of %i open files is a coded error that leaves nothing, or is enough", (files) => {
    const { code, stderr, made } = exportWithin(`-n ${files}`);
    if (code === 0) return expect(made).toEqual(["dist"]);
    expect({ code, stderr, made }).toEqual({ code: 2, stderr: expect.stringContaining("error VX-TOOL-LIMIT"), made: [] });
    expect(stderr).toContain("hint: Allow more of them: ulimit -n 1024.");
  });

  test("of addresses is a coded error that leaves nothing", () => {
    const { code, stderr, made } = exportWithin("-v 3000000");
    expect({ code, stderr, made }).toEqual({ code: 2, stderr: expect.stringContaining("there is no more memory"), made: [] });
    expect(stderr).toContain("ulimit -v unlimited");
  });
});
