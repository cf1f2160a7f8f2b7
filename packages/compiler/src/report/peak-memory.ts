import { readFileSync } from "node:fs";

/** What Linux tells about the process, all its threads together. */
const STATUS = "/proc/self/status";

/**
 * The most memory that the process has held so far, in bytes, its worker threads included. Linux passes the maximum of `getrusage`
 * on from the process that started this one, so the peak of `statusFile`, which begins anew with each program, goes before it.
 */
export function peakMemoryBytes(statusFile: string = STATUS): number {
  return (peakKibOf(statusFile) ?? process.resourceUsage().maxRSS) * 1024;
}

function peakKibOf(statusFile: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(statusFile, "latin1");
  } catch {
    return undefined;
  }
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1];
  return kib === undefined ? undefined : Number(kib);
}
