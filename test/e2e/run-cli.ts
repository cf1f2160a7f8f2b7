import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));
export const CLI: string = join(ROOT, "packages/cli/bin/vlm-export.js");
export const CLASSIFIER: string = join(ROOT, "examples/tiny-llava/onnx/classifier.onnx");

/** What a finished command printed. */
export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command to its end. */
export function vlmExport(
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string>; readonly nodeArgs?: readonly string[] } = {},
): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...(options.nodeArgs ?? []), CLI, ...args], {
    encoding: "utf8",
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, CI: "true", ...options.env },
    maxBuffer: 64 << 20,
  });
  return { code: status, stdout, stderr };
}

/** Runs the built command's `main` once per list of arguments, all in one process: for tables of many short runs. */
export function vlmExportMany(runs: readonly (readonly string[])[]): readonly Finished[] {
  const driver = fileURLToPath(new URL("main-many.mjs", import.meta.url));
  const { stdout, stderr } = spawnSync(process.execPath, [driver, JSON.stringify(runs)], {
    encoding: "utf8",
    cwd: ROOT,
    env: { ...process.env, CI: "true" },
    maxBuffer: 64 << 20,
  });
  try {
    return JSON.parse(stdout) as readonly Finished[];
  } catch {
    throw new Error(`the process died: ${stderr}${stdout.slice(0, 1000)}`);
  }
}

/** Runs the built command and interrupts it, one time, as soon as `when` holds of what it wrote to stderr. */
export function interrupted(
  args: readonly string[],
  when: (stderr: string) => boolean,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: ROOT, env: { ...process.env, CI: "true", ...env } });
    let [stdout, stderr] = ["", ""];
    let isSent = false;
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (!isSent && when(stderr)) isSent = child.kill("SIGINT");
    });
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** An empty folder; call the result's `remove` when done. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "vlm-export-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Installs the plugin `vlm-export-backend-<name>` into the project `cwd`; `source` is its index.js. Returns the plugin's folder. */
export function installPlugin(cwd: string, name: string, source: string): string {
  const plugin = join(cwd, `node_modules/vlm-export-backend-${name}`);
  mkdirSync(plugin, { recursive: true });
  writeFileSync(
    join(plugin, "package.json"),
    `{ "name": "vlm-export-backend-${name}", "type": "module", "keywords": ["vlm-export-backend"] }`,
  );
  writeFileSync(join(plugin, "index.js"), source);
  return plugin;
}
