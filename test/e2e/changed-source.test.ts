import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { installPlugin, ROOT, temporaryFolder, vlmExport } from "./run-cli.js";
import { ramp, twoLayers } from "./small-models.js";

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** A project with model.onnx, model.data and a target, `busy`, in whose lowering `change` happens. */
async function projectWith(name: string, change: string): Promise<string> {
  const cwd = join(folder.path, name);
  installPlugin(
    cwd,
    "busy",
    `import nothing from ${JSON.stringify(join(ROOT, "packages/backend-null/dist/index.js"))};
    import { appendFileSync, truncateSync, utimesSync } from "node:fs";
    export default { ...nothing, name: "busy", lower(...given) { ${change}; return nothing.lower(...given); } };`,
  );
  await writeOnnx(twoLayers({}, ramp(128)), join(cwd, "model.onnx"), { externalFileName: "model.data", externalThresholdBytes: 0 });
  return cwd;
}

test.each([
  ["grows", "appendFileSync('model.data', 'x')", "model.data"],
  ["is written again in its old size", "utimesSync('model.data', 1, 1)", "model.data"],
  ["of the graph is cut", "truncateSync('model.onnx', 10)", "model.onnx"],
])("a file of the model that %s while a run reads it ends the run, and no output is left", async (name, change, file) => {
  const cwd = await projectWith(name.replaceAll(" ", "-"), change);
  const { code, stderr } = vlmExport(["model.onnx", "-t", "busy", "-o", "dist", "--cache", "off", "--quiet"], { cwd });
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("error VX-IMPORT-FILE-CHANGED") });
  expect(stderr).toContain(file);
  expect(stderr).toContain("hint: Run again when nothing else writes the file.");
  expect([existsSync(join(cwd, "dist")), readdirSync(cwd).filter((entry) => entry.startsWith("."))]).toEqual([false, []]);
});

test("a folder in place of a file is told which files to give", async () => {
  const cwd = await projectWith("bundle", "");
  mkdirSync(join(cwd, "onnx"));
  for (const path of ["onnx/vision.onnx", "onnx/text.onnx"]) writeFileSync(join(cwd, path), "");
  const many = vlmExport([".", "-t", "busy", "-o", "dist"], { cwd });
  expect(many).toMatchObject({ code: 1, stderr: expect.stringContaining("VX-IMPORT-FORMAT .: . is a folder") });
  expect(many.stderr).toContain(
    "hint: Export its models one by one, each with its own recipe and --out: model.onnx, onnx/text.onnx, onnx/vision.onnx.",
  );
  expect(vlmExport(["inspect", "node_modules"], { cwd }).stderr).toContain("this folder holds none");
});
