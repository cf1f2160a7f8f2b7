import { hostname } from "node:os";
import { sha256Hex } from "./object-file.js";

/** Eight hex digits that stand for this host in names of temporary folders. */
export const HOST_TAG: string = sha256Hex(hostname()).slice(0, 8);

/** True when a process of that id runs on this host, whoever owns it. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
