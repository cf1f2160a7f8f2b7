import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, defineBackend } from "@vlm-export/backend-api";
import type { Manifest } from "@vlm-export/schemas";
import { afterAll, expect, test } from "vitest";
import { verifyOutput } from "./verify-output.js";

const dist = mkdtempSync(join(tmpdir(), "vlm-export-verify-output-"));
afterAll(() => rmSync(dist, { recursive: true, force: true }));

const properties = { io: { enum: ["float32", "int8"], default: "float32" } };

/** Puts a manifest of one empty target with these options into the folder and verifies it; gives what `decode` was given. */
async function verifiedWith(options: Manifest["targets"][string]["options"]) {
  const given: unknown[] = [];
  const backend: Backend = defineBackend<unknown, unknown>({
    name: "test",
    apiVersion: 1,
    capabilities: {
      units: ["cpu"],
      weights: [],
      activations: [],
      granularities: [],
      blockSizes: [],
      rules: [],
      optionsSchema: { type: "object", additionalProperties: false, properties },
    },
    lower: () => undefined,
    emit: async () => ({ formatVersion: "1", tensors: [] }),
    async decode(_, context) {
      given.push(context.options);
      return { decoder: "test 1", tensors: [] };
    },
  });
  mkdirSync(join(dist, "test"), { recursive: true });
  writeFileSync(join(dist, "test/model.bin"), "bytes");
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
        files: [{ path: "model.bin", sizeBytes: 5, sha256 }],
        tensors: [],
        ...(options && { options }),
      },
    },
  };
  writeFileSync(join(dist, "manifest.json"), JSON.stringify(manifest));
  const results = await verifyOutput(dist, { backends: new Map([["test", { backend, from: "test", version: "0" }]]), environment: {} });
  return { given, results };
}

test("an artifact is decoded with the options that it was written with", async () => {
  expect((await verifiedWith({ io: "int8" })).given).toEqual([{ io: "int8" }]);
  expect((await verifiedWith(undefined)).given).toEqual([{ io: "float32" }]);
});

test("options that the target does not know are a finding of that target", async () => {
  const { given, results } = await verifiedWith({ io: "int9" });
  expect(given).toEqual([]);
  expect(results).toEqual([{ target: "test", diagnostics: [expect.objectContaining({ code: "VX-PLUGIN-OPTIONS" })] }]);
});
