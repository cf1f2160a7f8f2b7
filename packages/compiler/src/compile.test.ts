import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { defineBackend, quantizedValues } from "@vlm-export/backend-api";
import type { Model } from "@vlm-export/ir";
import { loadRecipe } from "@vlm-export/recipe";
import { afterAll, expect, test, vi } from "vitest";
import { compile } from "./compile.js";

const folder = mkdtempSync(join(tmpdir(), "vlm-export-compile-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EXAMPLES = fileURLToPath(new URL("../../../examples/", import.meta.url));

/** Takes everything and writes no file. */
const nothing = defineBackend<unknown, Model>({
  name: "nothing",
  apiVersion: 1,
  capabilities: {
    units: ["cpu"],
    weights: ["i8"],
    activations: ["i8"],
    granularities: ["tensor", "channel"],
    blockSizes: [],
    rules: [{ id: "test/all", op: "*", units: ["cpu"], verdict: "native", reason: "Anything.", source: "this test" }],
    optionsSchema: {},
  },
  lower: (model) => model,
  emit: async ({ components }) => ({
    formatVersion: "1",
    tensors: [...components].flatMap(([component, graph]) =>
      quantizedValues(graph).map(({ name }) => ({ component, value: name, key: name, reencodings: [] })),
    ),
  }),
  decode: async () => ({ decoder: "test", tensors: [] }),
});

/** The report of the example classifier in int8, calibrated with its pictures, in the folder `out`. */
async function exported(out: string, cache = "cache") {
  const { report } = await compile({
    modelPath: join(EXAMPLES, "tiny-llava/onnx/classifier.onnx"),
    recipe: await loadRecipe(join(EXAMPLES, "classifier-int8.yaml")),
    byDefault: false,
    targets: ["nothing"],
    outDir: join(folder, out),
    verify: "none",
    backends: new Map([["nothing", { backend: nothing, from: "test", version: "0" }]]),
    cacheDir: join(folder, cache),
    tool: { name: "vlm-export", version: "0" },
    environment: {},
  });
  return report;
}

test("the report says what decoded the pictures, also where statistics are used again", async () => {
  expect((await exported("dist")).calibration).toMatchObject({ samples: 32, reused: false, imageDecoders: ["png"] });
  expect((await exported("dist")).calibration).toMatchObject({ samples: 32, reused: true, imageDecoders: ["png"] });
});

test("gates that nothing was run for say so, and at which line they stand", async () => {
  const { gates } = await exported("dist");
  const reason = "the artifact was not run (--verify none)";
  expect(gates).toEqual([
    { gate: "minCosine", target: "nothing", status: "not-run", limit: 0.98, reason, line: 15 },
    { gate: "maxDegradation", target: "nothing", status: "not-run", limit: 0.02, reason, line: 14 },
  ]);
});

test("an output of a long name is made, and nothing stays beside it", async () => {
  const name = "d".repeat(230);
  await exported(name);
  expect(
    readdirSync(folder)
      .filter((entry) => entry !== "dist")
      .toSorted(),
  ).toEqual(["cache", name]);
});

test("no room for temporary files ends the run before anything is written, and the error says where room is needed", async () => {
  writeFileSync(join(folder, "file"), "");
  for (const name of ["TMPDIR", "TEMP", "TMP"]) vi.stubEnv(name, join(folder, "file/tmp"));
  try {
    await expect(exported("no-room", "other-cache")).rejects.toThrow(
      expect.objectContaining({
        kind: "user",
        message: expect.stringContaining(join(folder, "file/tmp")),
        diagnostic: expect.objectContaining({ code: "VX-EMIT-TEMPORARY" }),
      }),
    );
  } finally {
    vi.unstubAllEnvs();
  }
  expect(readdirSync(folder).filter((name) => name.includes("no-room"))).toEqual([]);
});
