import { type Graph, onlyComponent } from "@vlm-export/ir";
import { withNormalizedModel } from "./with-normalized-model.js";

/** The normalized graph of a single-graph model file, for tools that look at its structure; its weights can no longer be read. */
export async function normalizedGraph(path: string, signal?: AbortSignal): Promise<Graph> {
  return withNormalizedModel(path, { signal }, onlyComponent);
}
