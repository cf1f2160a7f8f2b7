import { expect, test } from "vitest";
import type { Backend } from "./backend.js";
import { contractProblems, defineBackend } from "./define.js";

function named(name: unknown): Backend {
  const lists = { units: [], weights: [], activations: [], granularities: [], blockSizes: [], rules: [] };
  const hook = async (): Promise<never> => Promise.reject(new Error("not called"));
  return {
    name,
    apiVersion: 1,
    capabilities: { ...lists, optionsSchema: {} },
    lower: hook,
    emit: hook,
    decode: hook,
  } as unknown as Backend;
}

test.each(["..", ".hidden", "a/b", "manifest.json", "__proto__", "", undefined])("a backend may not be named %j", (name) => {
  expect(contractProblems(named(name))).toEqual([expect.stringContaining("must match")]);
});

test.each([
  ["optionsSchema", null, "capabilities.optionsSchema must be a JSON Schema"],
  ["rules", [null], "capabilities.rules[0] must be a rule"],
  ["rules", undefined, "capabilities.rules must be a list"],
])("a backend whose capabilities have %s %j is told so", (key, value, problem) => {
  const backend = named("some");
  expect(contractProblems({ ...backend, capabilities: { ...backend.capabilities, [key]: value } })).toEqual([problem]);
});

test("a backend may not have the name of the folder for rejected artifacts", () => {
  expect(() => defineBackend(named("rejected"))).toThrow('name "rejected" is that of the folder for artifacts that failed their proof');
  expect(contractProblems(named("rejected-not"))).toEqual([]);
});
