/** Measures whole processes: wall time and peak resident memory, from start to exit. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { bench, root } from "./paths.mjs";

/** Runs a command to its end and returns {code, stdout, stderr}; output beyond 4 MB is dropped. */
export function capture(command, args, { env = process.env, cwd = root } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    const text = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"]) {
      child[stream].setEncoding("utf8").on("data", (chunk) => {
        if (text[stream].length < 4e6) text[stream] += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal, ...text }));
  });
}

/** Runs `entrant` once. `seconds` is undefined and `error` says why where the command failed. */
async function once({ command, args, env = {}, before }, { timed }) {
  before?.();
  if (timed) await capture("sync", []); // what the entrant before wrote is not to be this one's work
  const dir = mkdtempSync(join(tmpdir(), "vlm-bench-"));
  try {
    const file = join(dir, "rusage.json");
    const { code, stdout, stderr } = await capture("python3", [join(bench, "lib/rusage.py"), file, command, ...args], {
      env: { ...process.env, XDG_CACHE_HOME: join(dir, "cache"), ...env },
    });
    if (code !== 0) return { error: `rusage wrapper failed: ${stderr.slice(-300)}` };
    const usage = JSON.parse(readFileSync(file, "utf8"));
    if (usage.exitCode !== 0) return { error: `exit ${usage.exitCode}: ${diagnosticOf(stdout) ?? lastWords(stderr)}` };
    return { ...usage, load: loadavg()[0], stdout };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The first error that our own tool reports in its JSON document. */
function diagnosticOf(stdout) {
  if (!stdout.trimStart().startsWith("{")) return undefined;
  const error = JSON.parse(stdout).diagnostics?.find((d) => d.severity === "error");
  return error && `${error.code} ${error.message}`;
}

/** The end of an error text, without Python's markers and frames: what the tool itself had to say. */
function lastWords(text) {
  const lines = text.split("\n").filter((line) => line.trim() && !/^\s+(\^|File |~)/.test(line) && !/^\s*[\^~]+\s*$/.test(line));
  return lines.slice(-3).join(" | ").trim().slice(-400);
}

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.length % 2 ? sorted[(sorted.length - 1) / 2] : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
};

function summary(runs) {
  const failed = runs.find((run) => run.error);
  if (failed) return { error: failed.error };
  return {
    seconds: median(runs.map((r) => r.seconds)),
    cpuSeconds: median(runs.map((r) => r.userSeconds + r.systemSeconds)),
    peakRssBytes: Math.max(...runs.map((r) => r.peakRssBytes)),
    allSeconds: runs.map((r) => r.seconds),
    load: runs.map((r) => Number(r.load.toFixed(2))),
    stdout: runs.at(-1).stdout,
  };
}

/**
 * Runs every entrant `repeats` times, in rounds so that a busy minute of the machine hits all of them alike; where only the
 * artifact counts (`timed: false`), without waiting for the disk in between.
 * An entrant is {name, command, args, env?, before?} or {name, notRun: reason}; one that fails is not tried again.
 */
export async function measureAll(entrants, { repeats, log, timed = true }) {
  const runs = new Map(entrants.map((entrant) => [entrant.name, []]));
  for (let round = 0; round < repeats; round += 1) {
    for (const entrant of entrants.filter((e) => !e.notRun && !runs.get(e.name).some((r) => r.error))) {
      const run = await once(entrant, { timed });
      runs.get(entrant.name).push(run);
      log(`${entrant.name} #${round + 1}: ${run.error ?? `${run.seconds.toFixed(2)} s, ${(run.peakRssBytes / 1e9).toFixed(2)} GB`}`);
    }
  }
  return new Map(
    entrants.map((entrant) => [
      entrant.name,
      entrant.notRun
        ? { notRun: entrant.notRun }
        : { ...summary(runs.get(entrant.name)), command: [entrant.command, ...entrant.args].join(" ") },
    ]),
  );
}
