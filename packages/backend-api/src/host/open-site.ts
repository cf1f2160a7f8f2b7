import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Backend, BackendContext } from "../backend.js";
import { pluginCrash } from "../errors.js";
import { execTool } from "../exec.js";
import { resolveOptions } from "../options.js";
import { type Diagnostic, type OpRegistry, systemLimit, VxError } from "@vlm-export/ir";
import { type ArtifactWriter, openArtifactWriter } from "./artifact-writer.js";

/** What one target's hooks run with. */
export interface TargetSite {
  readonly backend: Backend;
  readonly context: BackendContext<unknown>;
  readonly writer: ArtifactWriter;
  readonly diagnostics: readonly Diagnostic[];
  /** Removes the temporary folder. */
  dispose(): void;
}

export interface SiteOptions {
  readonly backend: Backend;
  /** Folder of the artifact; exists. */
  readonly dir: string;
  /** Where temporary folders go. */
  readonly tmpRoot: string;
  readonly options: object | undefined;
  readonly ops: OpRegistry;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** Throws VX-PLUGIN-OPTIONS when the recipe's options do not fit the backend's schema. */
export function openSite({ backend, dir, tmpRoot, options, ops, environment, signal }: SiteOptions): TargetSite {
  const resolved = resolveOptions(backend, options);
  const tmpDir = mkdtempSync(join(tmpRoot, `.${backend.name}-`));
  const diagnostics: Diagnostic[] = [];
  const writer = openArtifactWriter(backend.name, dir);
  return {
    backend,
    writer,
    diagnostics,
    context: {
      options: resolved,
      ops,
      tmpDir,
      ...(signal && { signal }),
      report: (diagnostic) => void diagnostics.push({ ...diagnostic, where: { ...diagnostic.where, backend: backend.name } }),
      createFile: (path, options) => writer.createFile(path, options),
      exec: (file, args, execOptions) => execTool(environment, file, args, { ...execOptions, ...(signal && { signal }) }),
    },
    dispose: () => rmSync(tmpDir, { recursive: true, force: true }),
  };
}

/** Runs a hook; what it throws that is no coded error is VX-TOOL-LIMIT, or else becomes VX-PLUGIN-CRASH with the backend's name. */
export async function callHook<T>(backend: Backend, hook: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof VxError || (error instanceof Error && error.name === "AbortError")) throw error;
    throw systemLimit(error) ?? pluginCrash(backend.name, hook, error);
  }
}
