import type { Graph, Value } from "@vlm-export/ir";

/** First segment of every role path of a graph. */
export type Modality = "vision" | "language";

/**
 * What a component is, from its structure: a graph with a convolution or a 4-dimensional float input sees pictures; one that
 * looks up integer ids in a table, or whose float input has a sequence without pictures, is language. Component names that say
 * `vision`, `decoder`, `embed`… win, since a bundle's author wrote them.
 */
export function modalityOf(graph: Graph): Modality {
  const name = graph.name.toLowerCase();
  if (/vision|image|visual/.test(name)) return "vision";
  if (/decoder|language|text|embed|lm/.test(name)) return "language";
  const isLookup = graph.nodes.some(
    (node) => node.op === "Gather" && node.inputs[0]?.data && isFloat(node.inputs[0]) && graph.inputs.includes(node.inputs[1] as Value),
  );
  if (isLookup) return "language";
  const seesPictures =
    graph.nodes.some((node) => node.op === "Conv") || graph.inputs.some((input) => isFloat(input) && (input.type.shape?.length ?? 4) >= 4);
  return seesPictures ? "vision" : "language";
}

function isFloat(value: Value): boolean {
  return value.type.dtype === "f32" || value.type.dtype === "f16" || value.type.dtype === "bf16";
}
