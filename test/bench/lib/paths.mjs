/** Where things are: the project's root, its ignored output folder, the material, the peers' interpreters. */
import { existsSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const bench = join(root, "test/bench");
/** Generated models, samples, artifacts and results; VLM_EXPORT_BENCH_OUT puts them elsewhere. */
export const benchOut = resolve(root, process.env["VLM_EXPORT_BENCH_OUT"] ?? "bench-out");

/** Folder of the trained models, or undefined where it is absent. */
export function materialDir() {
  const dir = resolve(root, process.env["VLM_EXPORT_MATERIAL"] ?? "../shared/material");
  return existsSync(join(dir, "MANIFEST.md")) ? dir : undefined;
}

/** Interpreter of a peer's venv, or undefined where setup-peers.mjs has not made it. */
export function pythonOf(peer) {
  const python = join(root, ".venv", `bench-${peer}`, "bin/python");
  return existsSync(python) ? python : undefined;
}

/** Script of our own tool (VLM_EXPORT_CLI names another), or undefined where it is not built. */
export function ownCli() {
  const cli = resolve(root, process.env["VLM_EXPORT_CLI"] ?? "packages/cli/bin/vlm-export.js");
  return existsSync(cli) && existsSync(join(dirname(cli), "../dist/main.js")) ? cli : undefined;
}

/** Is the module at `url` the script that node was told to run? */
export function isMain(url) {
  return process.argv[1] !== undefined && url === pathToFileURL(realpathSync(process.argv[1])).href;
}
