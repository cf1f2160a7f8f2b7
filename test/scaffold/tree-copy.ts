import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { ROOT } from "../e2e/run-cli.js";

const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "dist", ".git", ".venv", ".cache", "bench-out", "out", "examples"]);

/** A copy of the sources in a temporary folder, whose installed packages are those of the repository, and whose own packages are its own. */
export interface TreeCopy {
  readonly path: string;
  /** Runs a Node program that lies under the copy. */
  node(...args: readonly string[]): { readonly code: number | null; readonly text: string };
  remove(): void;
}

/** Makes the copy. */
export function copyTree(): TreeCopy {
  const path = mkdtempSync(join(tmpdir(), "vlm-export-tree-"));
  cpSync(ROOT, path, { recursive: true, filter: (source) => source === ROOT || !LEFT_OUT.has(basename(source)) });
  for (const folder of [".", ...workspaces()]) linkInstalled(join(ROOT, folder, "node_modules"), join(path, folder, "node_modules"));
  const own = join(path, "node_modules/@vlm-export");
  mkdirSync(own);
  for (const folder of workspaces()) symlinkSync(join(path, folder), join(own, basename(folder)));
  return {
    path,
    node(...args) {
      const { status, stdout, stderr } = spawnSync(process.execPath, args, {
        cwd: path,
        encoding: "utf8",
        env: { ...process.env, CI: "true" },
      });
      return { code: status, text: stdout + stderr };
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

function workspaces(): readonly string[] {
  return ["schemas", ...readdirSync(join(ROOT, "packages")).map((name) => `packages/${name}`)];
}

/** Links to each installed package but our own. */
function linkInstalled(from: string, to: string): void {
  if (!existsSync(from)) return;
  mkdirSync(to);
  for (const name of readdirSync(from))
    if (!["@vlm-export", "vlm-export", ".vite"].includes(name)) symlinkSync(join(from, name), join(to, name));
}
