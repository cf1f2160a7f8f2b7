/** A pool of case workers that outlives crashes and hangs of the cases. */
import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bench } from "./paths.mjs";

const TIMEOUT_MS = 60_000;

/** Runs one case in `worker`: the worker's answer, or what it had told so far and {crash} where it died or was too slow. */
function ask(worker, folder) {
  return new Promise((resolve) => {
    let told = {};
    const timer = setTimeout(() => settle({ ...told, crash: `no answer in ${TIMEOUT_MS / 1000} s` }), TIMEOUT_MS);
    const onMessage = ({ stage, ...message }) => (stage ? (told = message) : settle(message));
    const onExit = (code, signal) => settle({ ...told, crash: `worker ended with ${signal ?? code}` });
    function settle(result) {
      clearTimeout(timer);
      worker.off("message", onMessage);
      worker.off("exit", onExit);
      resolve(result);
    }
    worker.on("message", onMessage);
    worker.once("exit", onExit);
    if (folder) worker.send({ folder });
  });
}

/** Runs every folder; returns a Map of folder to result in the order given. */
export async function runCases(folders, { workers, convertModule, log }) {
  const results = new Map(folders.map((folder) => [folder, undefined]));
  const queue = [...folders];
  const scratch = mkdtempSync(join(tmpdir(), "vlm-cases-"));

  async function start() {
    const worker = fork(join(bench, "lib/case-worker.mjs"), [scratch, ...(convertModule ? [convertModule] : [])], {
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    const answer = await ask(worker);
    if (answer.crash) throw new Error(`case worker did not start: ${answer.crash}`);
    return worker;
  }

  async function drain() {
    let worker = await start();
    for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
      const result = await ask(worker, folder);
      results.set(folder, result);
      if (result.crash) {
        log(`${folder}: ${result.crash}`);
        worker.kill("SIGKILL");
        worker = await start();
      }
    }
    worker.kill();
  }

  try {
    await Promise.all(Array.from({ length: workers }, drain));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return results;
}
