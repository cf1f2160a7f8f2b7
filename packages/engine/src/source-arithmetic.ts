import type { Graph } from "@vlm-export/ir";
import type { Arithmetic } from "./load-request.js";

/** Operators, of any domain, that engines fuse with the products between them. */
const QUANTIZERS: ReadonlySet<string> = new Set(["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"]);

/**
 * How a graph that is the reference of a comparison, or that is calibrated, is computed: as it stands where it came with Q/DQ operators of
 * its own, which integer kernels compute otherwise than they are defined; else in the engine's fastest way.
 */
export function sourceArithmetic(graph: Graph): Arithmetic {
  return hasQuantizers(graph) ? "plain" : "fused";
}

function hasQuantizers(graph: Graph): boolean {
  return graph.nodes.some(
    ({ op, attrs }) =>
      QUANTIZERS.has(op.slice(op.lastIndexOf(":") + 1)) ||
      Object.values(attrs).some((attr) => typeof attr === "object" && "kind" in attr && attr.kind === "graph" && hasQuantizers(attr.graph)),
  );
}
