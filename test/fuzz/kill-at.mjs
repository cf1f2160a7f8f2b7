/**
 * Preloaded with --import: kills this process with SIGKILL right before its n-th call that changes the file system (n = KILL_AT), or, when
 * KILL_AT is 0, prints at the end how many there were.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const killAt = Number(process.env.KILL_AT);
let count = 0;

function step() {
  count += 1;
  if (count === killAt) process.kill(process.pid, "SIGKILL");
}

function wrap(object, name) {
  const original = object[name];
  object[name] = function (...args) {
    step();
    return original.apply(this, args);
  };
}

for (const name of [
  "writeSync",
  "writeFileSync",
  "renameSync",
  "fsyncSync",
  "linkSync",
  "mkdirSync",
  "mkdtempSync",
  "rmSync",
  "unlinkSync",
])
  wrap(fs, name);
for (const name of ["rename", "mkdir", "rm", "unlink", "writeFile", "link"]) wrap(fs.promises, name);
const handle = await fs.promises.open(new URL(import.meta.url), "r");
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ["write", "writev", "sync", "datasync", "truncate"]) wrap(prototype, name);
syncBuiltinESMExports();
if (killAt === 0) process.on("exit", () => process.stdout.write(`\nwrites: ${count}\n`));
