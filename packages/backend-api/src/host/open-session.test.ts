import { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import type { Backend, Session } from "../backend.js";
import { openSession } from "./open-session.js";

const artifact = { backend: "test", formatVersion: "1", dir: "/", files: [], tensors: [], losses: [] };
const backendWith = (open?: () => Promise<Session>): Backend => ({ name: "test", ...(open && { open }) }) as unknown as Backend;
const opened = (backend: Backend): Promise<Session | undefined> => openSession({ backend, context: {} as never, terms: {} }, artifact);

test("a backend without an engine has no session", async () => {
  expect(await opened(backendWith())).toBeUndefined();
});

test("what a session throws names the plugin and the method, the defaults' run too; a coded error stays", async () => {
  const coded = new VxError({ code: "VX-TOOL-TEST", severity: "error", message: "lacks a kernel", where: { stage: "verify" } });
  const fails = (error: Error) => () => Promise.reject(error);
  const session = await opened(
    backendWith(async () => ({
      name: "engine",
      version: "1",
      run: fails(new TypeError("no memory")),
      defaults: { advice: "none", run: fails(coded) },
      close: fails(new RangeError("gone")),
    })),
  );
  const crash = (says: string) => ({ diagnostic: { code: "VX-PLUGIN-CRASH", message: says, where: { stage: "verify", backend: "test" } } });
  await expect(session?.run(new Map())).rejects.toMatchObject(crash("hook run threw: no memory"));
  await expect(session?.close()).rejects.toMatchObject(crash("hook close threw: gone"));
  await expect(session?.defaults?.run(new Map())).rejects.toBe(coded);
});

test("a session keeps its own object: methods see their fields", async () => {
  class Counter implements Session {
    readonly name = "engine";
    readonly version = "1";
    closed = 0;
    async run() {
      return new Map();
    }
    async close() {
      this.closed += 1;
    }
  }
  const own = new Counter();
  await (await opened(backendWith(async () => own)))?.close();
  expect(own.closed).toBe(1);
});
