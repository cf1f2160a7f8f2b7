import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { sha256Hex } from "./object-file.js";

/** Eight hex digits that stand for this host in names of temporary folders. */
export const HOST_TAG: string = sha256Hex(hostname()).slice(0, 8);

/** A process, as a lock file names it. */
export interface ProcessOwner {
  readonly pid: number;
  readonly host: string;
  /** When it started, as {@link startOf} tells it; absent where the system does not. */
  readonly started?: string;
}

/** This process. */
export function thisProcess(): ProcessOwner {
  const started = startOf(process.pid);
  return { pid: process.pid, host: hostname(), ...(started !== undefined && { started }) };
}

/** True when a process of that id runs on this host, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * True when that very process runs on this host, as far as can be told: ids are given out again, in a container that is started anew at
 * once, and only the start tells two processes of one id apart.
 */
export function isSameRunning({ pid, started }: Pick<ProcessOwner, "pid" | "started">): boolean {
  if (!isRunning(pid)) return false;
  const found = startOf(pid);
  return started === undefined || found === undefined || found === started;
}

/** Place of the start among what stands after the name in /proc/PID/stat: field 22, the first of these being the third. */
const START_FIELD = 22 - 3;

/** When a process of this host started, in clock ticks since the system did; undefined where the system does not tell (only Linux does). */
export function startOf(pid: number, statFile = `/proc/${pid}/stat`): string | undefined {
  try {
    const stat = readFileSync(statFile, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold blanks and parentheses
    return fields[START_FIELD];
  } catch {
    return undefined;
  }
}
