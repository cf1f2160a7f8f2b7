import type { FilePool } from "@vlm-export/formats/files";
import type { Diagnostic, OpRegistry } from "@vlm-export/ir";
import type { KernelPool, Kernels } from "@vlm-export/numerics";
import type { CompileRequest } from "./compile.js";
import type { FoundBackend } from "./discover.js";
import type { StageClock } from "./events.js";

/** What all stages of one run share. */
export interface RunSite {
  readonly request: CompileRequest;
  readonly clock: StageClock;
  readonly ops: OpRegistry;
  readonly kernels: Kernels;
  /** Kernels on other threads. */
  readonly workers: KernelPool;
  readonly pool: FilePool;
  /** The chosen targets, in the order asked for. */
  readonly backends: ReadonlyMap<string, FoundBackend>;
  report(diagnostic: Diagnostic): void;
}
