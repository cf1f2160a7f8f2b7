import { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { callHook, type HookSite, type HookTerms } from "./call-hook.js";
import { HostWork } from "./host-work.js";

const on = (terms: HookTerms): HookSite => ({ backend: { name: "test" }, terms });
const IDLE_MS = 100;
const forever = (): Promise<never> => new Promise(() => undefined);
const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const crash = (message: string) => ({ diagnostic: { code: "VX-PLUGIN-CRASH", message, where: { backend: "test" } } });

test.each<readonly [string, unknown, string]>([
  ["emit", undefined, "result is undefined, not an object"],
  ["emit", { tensors: [] }, "result.formatVersion is undefined, not a string"],
  ["emit", { formatVersion: "1", tensors: {} }, "result.tensors is an object, not a list"],
  [
    "emit",
    { formatVersion: "1", tensors: [{ component: "main", value: "w", key: 1, reencodings: [] }] },
    "result.tensors[0].key is a number, not a string",
  ],
  ["emit", { formatVersion: "1", tensors: [], constants: [null] }, "result.constants[0] is null, not an object"],
  [
    "emit",
    { formatVersion: "1", tensors: [{ component: "main", value: "w", key: "", reencodings: ["magic"] }] },
    'result.tensors[0].reencodings[0] is "magic", not one of sign-shift, transpose, repack, negate, replicate-scale, widen-scale, flip',
  ],
  [
    "emit",
    { formatVersion: "1", tensors: [], losses: [{ component: "main", value: "w", reason: "r", resolution: "dropped" }] },
    'result.losses[0].resolution is "dropped", not one of fallback, requantize',
  ],
  [
    "emit",
    { formatVersion: "1", tensors: [], losses: [{ component: "main", value: "w", reason: "r", resolution: "fallback", maxAbsError: NaN }] },
    "result.losses[0].maxAbsError is NaN, not a finite number",
  ],
  ["partition", [{ id: 0, unit: "tpu", nodes: [], boundaryBytes: 0 }], 'result[0].unit is "tpu", not one of npu, gpu, cpu'],
  ["decode", { decoder: "", tensors: [] }, "result.decoder is empty"],
  ["decode", { tensors: [] }, "result.decoder is undefined, not a string"],
  ["decode", { decoder: "d", tensors: "none" }, "result.tensors is a string, not a list"],
  ["probe", undefined, "result is undefined, not a list"],
  ["open", { name: "e", version: "1", close: async () => undefined }, "result.run is undefined, not a function"],
  ["run", [], "result is not a Map of tensors"],
  ["run", new Map([["y", null]]), 'result.get("y") is null, not an object'],
  [
    "run",
    new Map([["y", { dtype: "f32", shape: [2], byteLength: 8, bytes: () => new Uint8Array(3) }]]),
    'result.get("y") has 3 bytes, f32[2] needs 8',
  ],
])("%s may not give %j", async (hook, result, says) => {
  await expect(callHook(on({}), hook, async () => result)).rejects.toMatchObject(
    crash(`hook ${hook} gave no result of the contract: ${says}.`),
  );
});

test("lower may give anything", async () => {
  expect(await callHook(on({}), "lower", () => undefined)).toBeUndefined();
});

test.each<readonly [string, unknown, string]>([
  ["a string", "boom", "boom"],
  ["nothing", undefined, "undefined"],
  [
    "an object without a text",
    {
      get message() {
        throw new Error("trap");
      },
      toString: null,
    },
    "something that cannot be read",
  ],
  [
    "what throws when it is looked at",
    new Proxy(
      {},
      {
        get: () => {
          throw new Error("trap");
        },
        getPrototypeOf: () => {
          throw new Error("trap");
        },
      },
    ),
    "something that cannot be read",
  ],
])("whatever is thrown names the plugin: %s", async (_, thrown, says) => {
  const crashed = callHook(on({}), "emit", () => {
    throw thrown;
  });
  await expect(crashed).rejects.toMatchObject(crash(`hook emit threw: ${says}`));
});

const finding = { code: "VX-TEST", severity: "error", message: "text", where: { stage: "emit" } } as const;

test.each<readonly [VxError, string]>([
  [new VxError([]), "error.diagnostics holds no error"],
  [new VxError([null] as never), "error.diagnostics[0] is null, not an object"],
  [new VxError({ message: "text" } as never), "error.diagnostics[0].code is undefined, not a string"],
  [new VxError({ ...finding, code: "MINE" as never }), 'error.diagnostics[0].code "MINE" does not match /^VX-/'],
  [new VxError({ ...finding, where: undefined as never }), "error.diagnostics[0].where is undefined, not an object"],
  [new VxError({ ...finding, severity: "info" }), "error.diagnostics holds no error"],
  [new VxError(finding, { kind: "odd" as never }), 'error.kind is "odd", not one of user, tool, verify, interrupted'],
  [new VxError(finding, { kind: "interrupted" }), "error.kind is interrupted, and nobody interrupted it"],
])("a coded error that cannot be printed or reported is the plugin's crash: %#", async (thrown, says) => {
  const fails = callHook(on({ signal: new AbortController().signal }), "emit", () => Promise.reject(thrown));
  await expect(fails).rejects.toMatchObject(crash(`hook emit threw a VxError that is not whole: ${says}.`));
});

test("a coded error of the plugin stays as it is", async () => {
  const thrown = new VxError(finding, { kind: "tool" });
  await expect(callHook(on({}), "emit", () => Promise.reject(thrown))).rejects.toBe(thrown);
});

test("an AbortError is the host's only where the host has ended the run", async () => {
  const aborted = Object.assign(new Error("aborted"), { name: "AbortError" });
  const fails = (signal: AbortSignal) => callHook(on({ signal }), "emit", () => Promise.reject(aborted));
  await expect(fails(AbortSignal.abort())).rejects.toBe(aborted);
  await expect(fails(new AbortController().signal)).rejects.toMatchObject(crash("hook emit threw: aborted"));
});

test("a hook whose promise never settles is given up by name", async () => {
  await expect(callHook(on({ idleMs: IDLE_MS, work: new HostWork() }), "emit", forever)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-PLUGIN-TIMEOUT",
      message: "hook emit made no progress for 0.1 s and was given up.",
      where: { backend: "test" },
    },
  });
});

test("work of the host is progress, while it goes on and when it ends; a busy event loop is too", async () => {
  const work = new HostWork();
  const written = callHook(on({ idleMs: IDLE_MS, work }), "lower", async () => {
    for (let i = 0; i < 5; i += 1) {
      await work.during(Promise.resolve());
      await after(IDLE_MS / 2);
    }
    await work.during(after(IDLE_MS * 2));
    return "written";
  });
  expect(await written).toBe("written");
  const computed = callHook(on({ idleMs: IDLE_MS }), "lower", async () => {
    for (const end = performance.now() + IDLE_MS * 3; performance.now() < end; ) await new Promise(setImmediate);
    return "computed";
  });
  expect(await computed).toBe("computed");
});

test("the watch keeps the process alive while the hook hangs, and leaves no timer when it has ended", async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const before = timers();
  const hanging = callHook(on({ idleMs: IDLE_MS }), "lower", forever);
  expect(timers()).toBe(before + 1);
  await expect(hanging).rejects.toThrow();
  await callHook(on({}), "lower", () => after(1));
  expect(timers()).toBeLessThanOrEqual(before);
});
