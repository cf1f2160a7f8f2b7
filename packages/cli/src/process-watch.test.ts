import { EventEmitter } from "node:events";
import type { VxError } from "@vlm-export/ir";
import { expect, test } from "vitest";
import type { RunningPlugin } from "./command-site.js";
import { watchProcess } from "./process-watch.js";

/** A process that nothing ends, and what is told where it ends before the command. */
function watched() {
  const interrupt = new AbortController();
  const exits: unknown[] = [];
  const exit = (code?: number | string | null): never => exits.push(code) as never;
  const host = Object.assign(new EventEmitter(), { exit, exitCode: undefined as number | string | null | undefined });
  const deaths: string[] = [];
  const running: RunningPlugin = {};
  const watch = watchProcess(interrupt.signal, ({ diagnostic }: VxError) => deaths.push(diagnostic.code), { host, running });
  return { host, watch, deaths, exits, interrupt, running };
}

test.each([
  ["uncaughtException", "VX-CLI-STRAY"],
  ["unhandledRejection", "VX-CLI-STRAY"],
  ["beforeExit", "VX-CLI-UNFINISHED"],
])("%s is remembered as %s and aborts the command, which can clean up", (event, code) => {
  const { host, watch, deaths } = watched();
  expect([watch.signal.aborted, watch.mishap()]).toEqual([false, undefined]);
  host.emit(event, new Error("late"));
  host.emit("uncaughtException", new Error("of the clean-up"));
  expect([watch.signal.aborted, watch.mishap()?.diagnostic.code, deaths]).toEqual([true, code, []]);
});

test("the message of a stray error has its stack, and of what is no error its text", () => {
  const { host, watch } = watched();
  host.emit("uncaughtException", new Error("late"));
  expect(watch.mishap()?.message).toMatch(/Error: late\n +at .*process-watch\.test/);
  const other = watched();
  other.host.emit("unhandledRejection", undefined);
  expect(other.watch.mishap()?.message).toContain("undefined");
});

test("a stray error while a plugin runs is laid to it, and is no bug of the command", () => {
  const { host, watch, running } = watched();
  running.backend = "odd";
  host.emit("unhandledRejection", "late");
  expect(watch.mishap()).toMatchObject({ kind: "verify", diagnostic: { code: "VX-CLI-STRAY", where: { backend: "odd" } } });
});

test("a process that ends before its command ends with 70, and says so", () => {
  const { host, deaths } = watched();
  host.exitCode = 13;
  host.emit("exit", 13);
  expect([host.exitCode, deaths]).toEqual([70, ["VX-CLI-UNFINISHED"]]);
});

test("process.exit throws while the command runs, and only then", () => {
  const { host, watch, exits } = watched();
  expect(() => host.exit(0)).toThrow("process.exit(0) was called");
  watch.end();
  host.exit(3);
  expect(exits).toEqual([3]);
});

test("the signal is aborted by an interrupt too, which is no mishap; nothing is heard after the end", () => {
  const { host, watch, deaths, interrupt } = watched();
  interrupt.abort();
  watch.end();
  host.emit("beforeExit");
  host.emit("exit", 0);
  expect([watch.signal.aborted, watch.mishap(), deaths, host.eventNames()]).toEqual([true, undefined, [], []]);
});
