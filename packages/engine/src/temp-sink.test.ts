import fs, { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { TempSink } from "./temp-sink.js";

const root = mkdtempSync(join(tmpdir(), "temp-sink-"));
afterAll(() => rmSync(root, { recursive: true }));

const expected = (folder: string, reason: string) =>
  expect.objectContaining({
    kind: "user",
    message: expect.stringContaining(`temporary files cannot be written below ${folder}: ${reason}`),
    diagnostic: expect.objectContaining({ code: "VX-EMIT-TEMPORARY", hint: expect.stringContaining("set TMPDIR") }),
  });

test("a file that cannot be made is an error of the user that names its folder", () => {
  expect(() => new TempSink(join(root, "gone/model.onnx"))).toThrow(expected(join(root, "gone"), "ENOENT"));
});

test("a full disk is the same error, and the file goes when it is discarded", async () => {
  const sink = new TempSink(join(root, "model.onnx"));
  const { writeSync } = fs;
  fs.writeSync = () => {
    throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC", syscall: "write" });
  };
  syncBuiltinESMExports();
  try {
    await expect(sink.write(new Uint8Array(8))).rejects.toThrow(expected(root, "ENOSPC"));
  } finally {
    fs.writeSync = writeSync;
    syncBuiltinESMExports();
  }
  await sink.discard();
  expect(readdirSync(root)).toEqual([]);
});

test("a file that is complete can still be given up", async () => {
  const sink = new TempSink(join(root, "weights.bin"));
  await sink.write(new Uint8Array(8));
  expect(await sink.close()).toMatchObject({ sizeBytes: 8 });
  await sink.discard();
  expect(readdirSync(root)).toEqual([]);
});
