import { fileURLToPath } from "node:url";
import { discoverBackends } from "@vlm-export/compiler";
import { testBackend } from "@vlm-export/backend-testkit";
import { expect, test } from "vitest";

const found = await discoverBackends([fileURLToPath(new URL("../../packages/cli", import.meta.url))]);

test("the built-in backends are found as third-party ones are", () => {
  expect([...found.keys()].toSorted()).toEqual(["null", "onnx-qdq", "tflite"]);
});

/** Bytes that each backend stores as the graph has them, each with a flip that its proof must find: of the float bias, and of the weight where it keeps its layout. */
const BIAS_FLIPS: ReadonlyMap<string, RegExp> = new Map([
  ["null", / 1 flips inside tensors found/],
  ["onnx-qdq", / 2 flips inside tensors found/],
  ["tflite", / 1 flips inside tensors found/],
]);

/** What becomes of weights inside If: targets without control flow say why they do not take them. */
const INSIDE_IF = new Map<string, Readonly<Record<string, string>>>([
  ["null", { "round-trip": "passed", determinism: "passed", tamper: "passed", numeric: "not-run" }],
  ["onnx-qdq", { "round-trip": "passed", determinism: "passed", tamper: "passed", numeric: "passed" }],
  ["tflite", { rules: "rejected" }],
]);

test.each([...found.keys()])(
  "backend %s passes the conformance kit",
  async (name) => {
    const results = await testBackend(found.get(name)!.backend, { environment: process.env });
    expect(results.filter(({ status }) => status === "failed")).toEqual([]);
    expect(results.filter(({ suite, status }) => suite === "round-trip" && status === "passed").length).toBeGreaterThan(0);
    const bias = results.find(({ suite, name: model }) => suite === "tamper" && model === "weight-only with a float bias");
    expect(bias?.detail).toMatch(BIAS_FLIPS.get(name) ?? /./);
    const inside = results.filter(({ name: model }) => model === "weight-only inside If");
    expect(Object.fromEntries(inside.map(({ suite, status }) => [suite, status]))).toEqual(INSIDE_IF.get(name));
    for (const { suite, detail } of inside) expect(detail).toMatch(suite === "rules" ? /Nested graphs/ : /./);
  },
  120_000,
);
