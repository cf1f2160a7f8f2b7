import nullBackend from "@vlm-export/backend-null";
import { type Backend, defineBackend } from "@vlm-export/backend-api";
import { expect, test } from "vitest";
import { testBackend } from "./test-backend.js";

test("the null backend passes every suite on every case but those that need an engine, which are not run", async () => {
  const results = await testBackend(nullBackend as Backend);
  const others = results.filter(({ status }) => status !== "passed");
  expect(new Set(others.map(({ suite, status }) => `${suite} ${status}`))).toEqual(new Set(["numeric not-run"]));
  expect(results.length - others.length).toBeGreaterThan(40);
});

test("a backend whose decoder gives other scales fails its round trip", async () => {
  const liar = defineBackend({
    ...(nullBackend as Backend),
    name: "liar",
    decode: async (artifact, context) => {
      const decoded = await nullBackend.decode(artifact, context as never);
      return { ...decoded, tensors: decoded.tensors.map((tensor) => ({ ...tensor, scale: tensor.scale.map((s) => s * 2) })) };
    },
  });
  const failed = (await testBackend(liar)).filter(({ status }) => status === "failed");
  expect(failed.some(({ suite, detail }) => suite === "round-trip" && detail?.includes("scale"))).toBe(true);
});

test("a backend that breaks its contract is told what is wrong", async () => {
  const results = await testBackend({ ...(nullBackend as Backend), apiVersion: 2 } as unknown as Backend);
  expect(results).toEqual([
    expect.objectContaining({ suite: "contract", status: "failed", detail: expect.stringContaining("apiVersion 2") }),
  ]);
});

test("a rule with a word that the schema does not know fails the contract", async () => {
  const rules = [{ id: "null/all", op: "*", units: ["cpu"], verdict: "maybe", reason: "r", source: "s" }];
  const odd = { ...(nullBackend as Backend), capabilities: { ...nullBackend.capabilities, rules } } as unknown as Backend;
  const found = (await testBackend(odd)).find(({ name }) => name === "rules keep compat-rules.schema.json");
  expect(found).toMatchObject({ suite: "contract", status: "failed", detail: expect.stringContaining("rules[0].verdict") });
});
