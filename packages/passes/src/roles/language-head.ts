import type { Graph, Node } from "@vlm-export/ir";
import { isLookup } from "./trace.js";

/** Scores for every token of the vocabulary: as many as the table of embeddings has rows, or one row per position. */
export function isLanguageHead(graph: Graph, projection: Node | undefined): boolean {
  const type = projection?.outputs[0]?.type;
  const rows = graph.nodes.find(isLookup)?.inputs[0]?.type.shape?.[0];
  return projection !== undefined && (type?.shape === undefined || type.shape.length > 2 || type.shape.at(-1) === rows);
}
