#!/usr/bin/env node
import * as command from "../dist/main.js";

/** What a shell reports of a program that wrote to a pipe with no reader: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;
const NOT_WRITTEN = 1;

const abort = new AbortController();
const interrupt = command.interruptHandler(abort, { now: () => performance.now(), kill: () => process.kill(process.pid, "SIGKILL") });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, interrupt);
let brokenCode;
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error) => {
    if (brokenCode !== undefined) return;
    process.exitCode = brokenCode = error.code === "EPIPE" ? CLOSED_PIPE : NOT_WRITTEN;
    if (error.code !== "EPIPE" && stream === process.stdout) process.stderr.write(command.outputProblem(error));
    // No interrupt of the handler above: every later write fails too, and must not count as a second wish to end.
    abort.abort(new DOMException("interrupted", "AbortError"));
  });
const exitCode = await command.main(process.argv.slice(2), abort.signal);
process.exitCode = brokenCode ?? exitCode; // whatever code of a plugin has set
