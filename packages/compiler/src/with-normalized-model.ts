import { FilePool } from "@vlm-export/formats/files";
import type { Diagnostic, Model, OpRegistry } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import type { Recipe } from "@vlm-export/recipe";
import { importModel, normalizeModel } from "./stages/import-model.js";

export interface ModelRequest {
  /** What the recipe fixes; nothing when absent. */
  readonly shapes?: Recipe["model"]["shapes"];
  readonly signal?: AbortSignal | undefined;
  /** Receives findings that do not stop the import. */
  readonly report?: ((diagnostic: Diagnostic) => void) | undefined;
}

/** Gives `action` the normalized model of a file, whose files are closed once it has ended. Throws VX-IMPORT-*, VX-OP-*, VX-RECIPE-SHAPE. */
export async function withNormalizedModel<T>(
  path: string,
  { shapes = new Map(), signal, report }: ModelRequest,
  action: (model: Model, ops: OpRegistry) => Promise<T> | T,
): Promise<T> {
  const pool = new FilePool();
  const ops = standardOps();
  const site = { ops, pool, report: (diagnostic: Diagnostic) => report?.(diagnostic), ...(signal && { signal }) };
  try {
    return await action(normalizeModel(await importModel(path, site), shapes, site), ops);
  } finally {
    pool.close();
  }
}
