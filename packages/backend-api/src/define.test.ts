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
  ["rules", [null], "capabilities.rules[0] is null, not an object"],
  ["rules", undefined, "capabilities.rules must be a list"],
])("a backend whose capabilities have %s %j is told so", (key, value, problem) => {
  const backend = named("some");
  expect(contractProblems({ ...backend, capabilities: { ...backend.capabilities, [key]: value } })).toEqual([problem]);
});

test("a backend may not have the name of the folder for rejected artifacts", () => {
  expect(() => defineBackend(named("rejected"))).toThrow('name "rejected" is that of the folder for artifacts that failed their proof');
  expect(contractProblems(named("rejected-not"))).toEqual([]);
});

test.each<readonly [unknown, string]>([
  [null, "capabilities.rules[0] is null, not an object"],
  [{ op: 7 }, "capabilities.rules[0].op is a number, not a list"],
  [{ units: "cpu" }, "capabilities.rules[0].units is a string, not a list"],
  [{ verdict: "maybe" }, 'capabilities.rules[0].verdict is "maybe", not one of native, rewrite, fallback, reject'],
  [{ when: { dtypes: { "0": 5 } } }, "capabilities.rules[0].when.dtypes.0 is a number, not a list"],
  [{ when: { rank: [1] } }, "capabilities.rules[0].when.rank is not [least, most]"],
])("rules that could not be asked are told: %j", (odd, says) => {
  const whole = { id: "t/all", op: "*", units: ["cpu"], verdict: "native", reason: "r", source: "s" };
  const backend = named("test");
  const rules = [odd && { ...whole, ...odd }];
  expect(contractProblems({ ...backend, capabilities: { ...backend.capabilities, rules } })).toEqual([says]);
  expect(contractProblems({ ...backend, capabilities: { ...backend.capabilities, rules: [whole] } })).toEqual([]);
});

test("null is no schema of options", () => {
  const backend = named("test");
  const capabilities = { ...backend.capabilities, optionsSchema: null };
  expect(contractProblems({ ...backend, capabilities })).toEqual(["capabilities.optionsSchema must be a JSON Schema"]);
});
