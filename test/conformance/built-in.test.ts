import { fileURLToPath } from "node:url";
import { discoverBackends } from "@vlm-export/compiler";
import { testBackend } from "@vlm-export/backend-testkit";
import { expect, test } from "vitest";

const found = await discoverBackends([fileURLToPath(new URL("../../packages/cli", import.meta.url))]);

test("the built-in backends are found as third-party ones are", () => {
  expect([...found.keys()].toSorted()).toEqual(["null", "onnx-qdq", "tflite"]);
});

test.each([...found.keys()])(
  "backend %s passes the conformance kit",
  async (name) => {
    const results = await testBackend(found.get(name)!.backend, { environment: process.env });
    expect(results.filter(({ status }) => status === "failed")).toEqual([]);
    expect(results.filter(({ suite, status }) => suite === "round-trip" && status === "passed").length).toBeGreaterThan(0);
  },
  120_000,
);
