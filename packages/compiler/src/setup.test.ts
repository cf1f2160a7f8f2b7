import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Backend, defineBackend } from "@vlm-export/backend-api";
import { expect, test, vi } from "vitest";
import type { FoundBackend } from "./discover.js";
import { inspectSetup } from "./setup.js";

function found(name: string, overrides: Partial<Backend> & { readonly optionsSchema?: object }): readonly [string, FoundBackend] {
  const { optionsSchema = {}, ...hooks } = overrides;
  const backend = defineBackend<unknown, unknown>({
    name,
    apiVersion: 1,
    capabilities: { units: ["cpu"], weights: [], activations: [], granularities: [], blockSizes: [], rules: [], optionsSchema },
    lower: () => undefined,
    emit: async () => ({ formatVersion: "1", tensors: [] }),
    decode: async () => ({ decoder: "test", tensors: [] }),
    ...hooks,
  });
  return [name, { backend, from: `package-of-${name}`, version: "1.0.0" }];
}

test("a backend whose probe crashes or whose options schema is none is broken, and the others are checked", async () => {
  const crashing = { probe: () => Promise.reject(new TypeError("no such tool table")) };
  const backends = new Map([found("crashing", crashing), found("odd", { optionsSchema: { type: "nothing" } }), found("fine", {})]);
  const checks = await inspectSetup({ backends, environment: {} });
  expect(checks.filter(({ what }) => what.startsWith("backend "))).toEqual([
    {
      what: "backend crashing",
      status: "broken",
      found: "package-of-crashing 1.0.0",
      hint: expect.stringContaining("hook probe threw: no such tool table"),
    },
    { what: "backend odd", status: "broken", found: "package-of-odd 1.0.0", hint: expect.stringContaining("no JSON Schema") },
    { what: "backend fine", status: "ok", found: "1.0.0" },
  ]);
});

test("temporary models that killed runs left are removed and named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "setup-"));
  vi.stubEnv("TMPDIR", folder);
  vi.stubEnv("TEMP", folder);
  const left = join(folder, `.vlm-export-${2 ** 22 + 1}-abc`); // above the largest process id of Linux
  mkdirSync(left);
  utimesSync(left, 0, 0);
  const checks = await inspectSetup({ backends: new Map(), environment: {} });
  expect(checks.at(-1)).toEqual({ what: "left by killed runs", status: "ok", found: `removed ${left}` });
  expect(existsSync(left)).toBe(false);
  expect((await inspectSetup({ backends: new Map(), environment: {} })).map(({ what }) => what)).not.toContain("left by killed runs");
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});
