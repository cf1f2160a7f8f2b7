import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Backend, BackendContext, FileOptions, OutputFile } from "../backend.js";
import { execTool } from "../exec.js";
import { resolveOptions } from "../options.js";
import type { Diagnostic, OpRegistry } from "@vlm-export/ir";
import { pluginFinding, pluginLate } from "../errors.js";
import { type ArtifactWriter, openArtifactWriter } from "./artifact-writer.js";
import type { HookTerms } from "./call-hook.js";
import { findingProblem } from "./hook-results.js";
import { HostWork } from "./host-work.js";

/** What one target's hooks run with. */
export interface TargetSite {
  readonly backend: Backend;
  readonly context: BackendContext<unknown>;
  readonly writer: ArtifactWriter;
  readonly diagnostics: readonly Diagnostic[];
  /** What {@link callHook} is to run this target's hooks on. */
  readonly terms: HookTerms;
  /** Removes the temporary folder; a hook that still runs creates no file any more. */
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
  /** Instead of the limits of {@link callHook}. */
  readonly idleMs?: number;
}

/** Throws VX-PLUGIN-OPTIONS when the recipe's options do not fit the backend's schema. */
export function openSite({ backend, dir, tmpRoot, options, ops, environment, signal, idleMs }: SiteOptions): TargetSite {
  const resolved = resolveOptions(backend, options);
  const tmpDir = mkdtempSync(join(tmpRoot, `.${backend.name}-`));
  const diagnostics: Diagnostic[] = [];
  const writer = openArtifactWriter(backend.name, dir);
  const work = new HostWork();
  let isOver = false;
  const createFile = async (path: string, fileOptions?: FileOptions): Promise<OutputFile> => {
    if (isOver) throw pluginLate(backend.name, path);
    const file = await work.during(writer.createFile(path, fileOptions));
    return { write: (chunk) => work.during(file.write(chunk)), close: () => work.during(file.close()) };
  };
  return {
    backend,
    writer,
    diagnostics,
    terms: { work, signal: signal ?? new AbortController().signal, ...(idleMs !== undefined && { idleMs }) },
    context: {
      options: resolved,
      ops,
      tmpDir,
      ...(signal && { signal }),
      report(diagnostic) {
        const problem = findingProblem(diagnostic);
        if (problem !== undefined) throw pluginFinding(backend.name, problem);
        diagnostics.push({ ...diagnostic, where: { ...diagnostic.where, backend: backend.name } });
      },
      createFile,
      exec: (file, args, execOptions) => work.during(execTool(environment, file, args, { ...execOptions, ...(signal && { signal }) })),
    },
    dispose: () => {
      isOver = true;
      rmSync(tmpDir, { recursive: true, force: true });
    },
  };
}
