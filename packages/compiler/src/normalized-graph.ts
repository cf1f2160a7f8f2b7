import { FilePool } from "@vlm-export/formats/files";
import { type Graph, onlyComponent } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { importModel, normalizeModel } from "./stages/import-model.js";

/** The normalized graph of a single-graph model file, for tools that look at a graph without compiling it. */
export async function normalizedGraph(path: string, signal?: AbortSignal): Promise<Graph> {
  const pool = new FilePool();
  const site = { ops: standardOps(), pool, report: () => undefined, ...(signal && { signal }) };
  try {
    return onlyComponent(normalizeModel(await importModel(path, site), new Map(), site));
  } finally {
    pool.close();
  }
}
