/** Installs exactly what package-lock.json says when node_modules is missing or older than the lock file. Nothing else needs a network. */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a program in the repository root with its output shown; ends this process with its code when it fails. */
export function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: "inherit", ...options });
  if (result.error) throw result.error;
  if (result.status !== 0) process.exit(result.status ?? 1);
  return result;
}

export function install() {
  const installed = `${root}node_modules/.package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs) return;
  const npm = process.env.npm_execpath;
  if (npm) run(process.execPath, [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
  else run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}
