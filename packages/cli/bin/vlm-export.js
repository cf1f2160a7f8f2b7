#!/usr/bin/env node
import { interruptHandler, main } from "../dist/main.js";

/** What a shell reports of a program that wrote to a pipe with no reader: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;

const abort = new AbortController();
const interrupt = interruptHandler(abort, { now: () => performance.now(), kill: () => process.kill(process.pid, "SIGKILL") });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, interrupt);
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
    process.exitCode = CLOSED_PIPE;
    // No interrupt of the handler above: every later write fails too, and must not count as a second wish to end.
    abort.abort(new DOMException("interrupted", "AbortError"));
  });
const exitCode = await main(process.argv.slice(2), abort.signal);
process.exitCode ??= exitCode;
