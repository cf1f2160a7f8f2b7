import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { CLASSIFIER, temporaryFolder, vlmExport } from "./run-cli.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

test("the engine leaves no device id and no queue of usage reports in the home folder", () => {
  const home = join(folder.path, "home");
  mkdirSync(home);
  const env = { HOME: home, USERPROFILE: home, LOCALAPPDATA: home, XDG_CACHE_HOME: "", CI: "" }; // it sends none where CI is set
  const out = join(folder.path, "dist");
  const { code, stdout } = vlmExport([CLASSIFIER, "-t", "onnx-qdq", "-o", out, "--cache", "off", "--json"], { env });
  expect({ code, engine: (JSON.parse(stdout) as { targets: Record<string, unknown> }).targets["onnx-qdq"] }).toMatchObject({
    code: 0,
    engine: { engine: { status: "run" } },
  });
  expect(readdirSync(home)).toEqual([]);
});
