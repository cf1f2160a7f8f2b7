import nullBackend from "@vlm-export/backend-null";
import { type Backend, defineBackend, quantizedValues } from "@vlm-export/backend-api";
import { type Graph, windowsOf } from "@vlm-export/ir";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test, vi } from "vitest";
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
  const rules = [{ id: "null/all", op: "*", units: ["cpu"], verdict: "native", since: "", reason: "r", source: "s", note: "n" }];
  const odd = { ...(nullBackend as Backend), capabilities: { ...nullBackend.capabilities, rules } } as unknown as Backend;
  const found = (await testBackend(odd)).find(({ name }) => name === "rules keep compat-rules.schema.json");
  expect(found).toMatchObject({ suite: "contract", status: "failed", detail: expect.stringContaining("rules[0]") });
});

/** What the kit finds wrong with the null backend with another emit. */
async function failuresOf(emit: Backend["emit"], idleMs = 10_000): Promise<readonly string[]> {
  const results = await testBackend(defineBackend({ ...(nullBackend as Backend), name: "other", emit }), { idleMs });
  return results.filter(({ status }) => status === "failed").map(({ suite, name, detail }) => `${suite} ${name}: ${detail}`);
}

const emitNull: Backend["emit"] = (target, context) => nullBackend.emit(target as never, context as never);

test("an emit that leaves a value out of its list fails, though it decodes", async () => {
  const failures = await failuresOf(async (target, context) => {
    const emitted = await emitNull(target, context);
    return { ...emitted, tensors: emitted.tensors.slice(1) };
  });
  expect(failures).toContainEqual('round-trip weight-only i8 per tensor: emit lists neither where value "w" lies nor that it is lost.');
});

test("an emit that gives nothing fails by name, and one that hangs once", async () => {
  const nothing = await failuresOf(async () => undefined as never);
  expect(nothing).toContainEqual(expect.stringContaining("hook emit gave no result of the contract: result is undefined, not an object."));
  const hanging = await failuresOf(() => new Promise(() => undefined), 20);
  expect(hanging).toEqual(["round-trip weight-only i8 per tensor: hook emit made no progress for 0.02 s and was given up."]);
});

test("an emit that writes into what it reads does not harm the model that it is compared with", async () => {
  const failures = await failuresOf(async (target, context) => {
    const weights = [...(target as ReadonlyMap<string, Graph>).values()].flatMap(quantizedValues).flatMap(({ data }) => data ?? []);
    for (const window of weights.flatMap((data) => [...windowsOf(data)])) window[0]! ^= 0x80;
    return emitNull(target, context);
  });
  expect(failures).toEqual([]);
});

test("files that go past the host are named: beside the artifact, in it, and in the working folder", async () => {
  const putting = (...path: readonly string[]) =>
    failuresOf((target, context) => {
      writeFileSync(join(dirname(context.tmpDir), ...path), "");
      writeFileSync(join(context.tmpDir, "allowed.bin"), "");
      return emitNull(target, context);
    });
  expect((await putting("beside.bin"))[0]).toMatch(/files were written beside the artifact: beside\.bin$/);
  expect((await putting("artifact", "inside.bin"))[0]).toContain("inside.bin was put there in another way");
  const folder = mkdtempSync(join(tmpdir(), "vlm-export-kit-cwd-"));
  const cwd = vi.spyOn(process, "cwd").mockReturnValue(folder);
  try {
    const inCwd = await failuresOf((target, context) => {
      writeFileSync(join(folder, "stray.bin"), "");
      return emitNull(target, context);
    });
    expect(inCwd).toEqual(["round-trip weight-only i8 per tensor: files were written into the working folder: stray.bin"]);
  } finally {
    cwd.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});
