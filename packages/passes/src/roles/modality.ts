import { type Graph, isFloat, type Value } from "@vlm-export/ir";
import { isLookup } from "./trace.js";

/** First segment of most role paths of a graph. */
export type Modality = "vision" | "language";

/**
 * What a component is. Its name wins where it says so, since a bundle's author wrote it; then structure: a table of embeddings means
 * language, a convolution or an input of pictures vision, and anything else language.
 */
export function modalityOf(graph: Graph): Modality {
  const words = graph.name.toLowerCase();
  if (/vision|image|visual|\bvit\b/.test(words)) return "vision";
  if (/decoder|language|text|embed|(^|[^a-z])l?lm([^a-z]|$)/.test(words)) return "language";
  if (graph.nodes.some(isLookup) || graph.inputs.some((input) => isTokenInput(graph, input))) return "language";
  return graph.nodes.some(({ op }) => op === "Conv") || graph.inputs.some((input) => isPicture(graph, input)) ? "vision" : "language";
}

/** Integers that an operator of another domain reads together with a table, as fused embeddings do. */
function isTokenInput(graph: Graph, input: Value): boolean {
  const isInteger = input.type.dtype === "i64" || input.type.dtype === "i32";
  return isInteger && graph.users(input).some(({ op }) => /::\w*Embed/.test(op));
}

/** Four dimensions or more, and not a cache of keys or values, which is put before others or goes into an attention. */
function isPicture(graph: Graph, input: Value): boolean {
  const isBig = isFloat(input.type.dtype) && (input.type.shape?.length ?? 4) >= 4;
  return isBig && !graph.users(input).some(({ op }) => /Concat|Attention|Scatter/.test(op));
}
