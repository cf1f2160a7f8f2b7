import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Manifest } from "@vlm-export/schemas";
import { afterAll, expect, test, vi } from "vitest";
import { bareBackend } from "./bare-backend.fixture.js";
import { verifyOutput } from "./verify-output.js";

const dist = mkdtempSync(join(tmpdir(), "vlm-export-verify-output-"));
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const properties = { io: { enum: ["float32", "int8"], default: "float32" } };

/**
 * Puts a manifest of one empty target with these options into the folder and verifies it, after `damage` to its only file, of which the
 * manifest says what `damage` returns; gives what `decode` was given.
 */
async function verifiedWith(options: Manifest["targets"][string]["options"], damage = (_path: string): number => 5) {
  const given: unknown[] = [];
  const backend = bareBackend("test", properties, async (_, context) => {
    given.push(context.options);
    return { decoder: "test 1", tensors: [] };
  });
  mkdirSync(join(dist, "test"), { recursive: true });
  const file = join(dist, "test/model.bin");
  rmSync(file, { recursive: true, force: true });
  writeFileSync(file, "bytes");
  const sizeBytes = damage(file);
  const sha256 = createHash("sha256").update("bytes").digest("hex");
  const manifest: Manifest = {
    schemaVersion: 1,
    tool: { name: "vlm-export", version: "0" },
    graphHash: sha256,
    recipeHash: sha256,
    targets: {
      test: {
        backend: "test",
        formatVersion: "1",
        folder: "test",
        files: [{ path: "model.bin", sizeBytes, sha256 }],
        tensors: [],
        ...(options && { options }),
      },
    },
  };
  writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest));
  const results = await verifyOutput(dist, { backends: new Map([["test", { backend, from: "test", version: "0" }]]), environment: {} });
  return { given, results };
}

test.each([
  [{ folder: "../elsewhere" }, 'targets.test.folder is "../elsewhere", not "test"'],
  [{ files: [{ path: "../model.bin", sizeBytes: 5, sha256: "0".repeat(64) }] }, 'the file "../model.bin", which lies outside its folder'],
  [{ files: [{ path: "", sizeBytes: 5, sha256: "0".repeat(64) }] }, "targets.test.files[0].path: minLength 1 does not hold"],
  [{ folder: "" }, "targets.test.folder: minLength 1 does not hold"],
  [{ files: [{ path: "/etc/passwd", sizeBytes: 5, sha256: "0".repeat(64) }] }, 'the file "/etc/passwd", which lies outside its folder'],
])("a manifest with %j is none", async (change, message) => {
  await verifiedWith(undefined);
  const path = join(dist, "manifest.json");
  const manifest = JSON.parse(readFileSync(path, "utf8")) as Manifest;
  Object.assign(manifest.targets["test"]!, change);
  writeFileSync(path, JSON.stringify(manifest));
  await expect(verifyOutput(dist, { backends: new Map(), environment: {} })).rejects.toMatchObject({
    diagnostic: { code: "VX-VERIFY-MANIFEST", message: expect.stringContaining(message) },
  });
});

test("an artifact is decoded with the options that it was written with", async () => {
  expect((await verifiedWith({ io: "int8" })).given).toEqual([{ io: "int8" }]);
  expect((await verifiedWith(undefined)).given).toEqual([{ io: "float32" }]);
});

test("options that the target does not know are a finding of that target", async () => {
  const { given, results } = await verifiedWith({ io: "int9" });
  expect(given).toEqual([]);
  expect(results).toEqual([{ target: "test", diagnostics: [expect.objectContaining({ code: "VX-PLUGIN-OPTIONS" })] }]);
});

test.each([
  ["looked at", "ELOOP", (path: string) => (symlinkSync("model.bin", path), 5)],
  ["read", "EISDIR", (path: string) => (mkdirSync(path), statSync(path).size)],
])("a file that cannot be %s is a finding of its target", async (_, reason, replace) => {
  const damage = (path: string): number => {
    rmSync(path);
    return replace(path);
  };
  const { given, results } = await verifiedWith(undefined, damage);
  const message = expect.stringContaining(`${join(dist, "test/model.bin")} cannot be read: ${reason}`);
  expect(given).toEqual([]);
  expect(results).toEqual([{ target: "test", diagnostics: [expect.objectContaining({ code: "VX-VERIFY-FILE", message })] }]);
});

test("no room for temporary files is an error of the user, and says nothing of the artifact", async () => {
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, join(dist, "manifest.json/tmp"));
  try {
    await expect(verifiedWith(undefined)).rejects.toThrow(
      expect.objectContaining({ kind: "user", diagnostic: expect.objectContaining({ code: "VX-EMIT-TEMPORARY" }) }),
    );
  } finally {
    vi.unstubAllEnvs();
  }
});
