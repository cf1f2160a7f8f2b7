import fs, { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxGraph, onnxModel, onnxNode, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { afterAll, expect, test } from "vitest";
import { inspectModel, isOutputFolder } from "./inspect.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-inspect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function modelFile(opset: number): Promise<string> {
  const path = join(folder, `opset-${opset}.onnx`);
  const graph = onnxGraph({
    name: "g",
    inputs: [onnxValue("x", "f32", [4])],
    outputs: [onnxValue("y", "f32", [4])],
    nodes: [onnxNode({ opType: "Relu", inputs: ["x"], outputs: ["y"] })],
  });
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: opset }], graph }), path);
  return path;
}

test.each([11, 17])("the opset is that of the file, %i, not that of the pinned forms", async (opset) => {
  expect(await inspectModel(await modelFile(opset))).toMatchObject({ opset, components: [{ name: "main", nodes: 1 }] });
});

test("what is not there is no file of another format", async () => {
  await expect(inspectModel("no/such/dist", {})).rejects.toMatchObject({ diagnostic: { code: "VX-IMPORT-FILE-OPEN" } });
});

test("an output folder is one with a manifest; a file, another folder and nothing are none", () => {
  mkdirSync(join(folder, "dist"));
  writeFileSync(join(folder, "file"), "");
  expect(["dist", "file", "gone"].map((name) => isOutputFolder(join(folder, name)))).toEqual([false, false, false]);
  writeFileSync(join(folder, "dist/manifest.json"), "{}");
  expect(isOutputFolder(join(folder, "dist"))).toBe(true);
});

test("a path or folder that may not be looked into is a coded error", () => {
  const expected = (path: string, reason: string) =>
    expect.objectContaining({
      message: expect.stringContaining(`${path} cannot be read: ${reason}`),
      diagnostic: expect.objectContaining({ code: "VX-IMPORT-FILE-OPEN" }),
    });
  symlinkSync("loop", join(folder, "loop"));
  expect(() => isOutputFolder(join(folder, "loop"))).toThrow(expected(join(folder, "loop"), "ELOOP"));
  const { readdirSync } = fs;
  fs.readdirSync = (() => {
    throw Object.assign(new Error("EACCES: permission denied, scandir"), { code: "EACCES", syscall: "scandir" });
  }) as unknown as typeof readdirSync;
  syncBuiltinESMExports();
  try {
    expect(() => isOutputFolder(folder)).toThrow(expected(folder, "EACCES"));
  } finally {
    fs.readdirSync = readdirSync;
    syncBuiltinESMExports();
  }
});
