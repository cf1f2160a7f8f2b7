/** The tarballs that `npm publish` would send, of every package. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./install.mjs";

/** Runs npm with its output kept; throws what it printed when it fails. */
export function npm(args, cwd) {
  const { npm_execpath: script } = process.env;
  const [file, all] = script ? [process.execPath, [script, ...args]] : ["npm", args];
  const result = spawnSync(file, all, { cwd, encoding: "utf8" });
  if (result.status !== 0) throw new Error(`npm ${args.join(" ")} failed in ${cwd}:\n${result.stderr}`);
  return result;
}

/** Packs all workspaces into a folder that exists; gives the paths of the tarballs. */
export function packAll(folder) {
  npm(["pack", "--workspaces", "--silent", "--pack-destination", folder], root);
  return readdirSync(folder).map((name) => join(folder, name));
}
