/**
 * Preloaded with --import: right before this process's n-th call that changes the file system (n = FAULT_AT) it is killed with SIGKILL
 * (FAULT=kill), or that call and all later writes fail as on a full disk (FAULT=full). FAULT_AT=0 prints at the end how many calls there were.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const faultAt = Number(process.env.FAULT_AT);
const kind = process.env.FAULT ?? "kill";
let count = 0;

/** Throws, kills or lets pass. Only calls that need space can fail on a full disk. */
function step(name) {
  count += 1;
  if (faultAt === 0 || count < faultAt) return;
  if (kind === "kill" && count === faultAt) process.kill(process.pid, "SIGKILL");
  if (kind === "full" && /^(write|mkdir|mkdtemp|link)/i.test(name))
    throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: "ENOSPC", syscall: name, errno: -28 });
}

function wrap(object, name, isAsync) {
  const original = object[name];
  object[name] = function (...args) {
    if (!isAsync) step(name);
    else
      try {
        step(name);
      } catch (error) {
        return Promise.reject(error);
      }
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
  wrap(fs, name, false);
for (const name of ["rename", "mkdir", "rm", "unlink", "writeFile", "link"]) wrap(fs.promises, name, true);
const handle = await fs.promises.open(new URL(import.meta.url), "r");
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ["write", "writev", "sync", "datasync", "truncate"]) wrap(prototype, name, true);
syncBuiltinESMExports();
if (faultAt === 0) process.on("exit", () => fs.writeSync(1, `\nwrites: ${count}\n`));
