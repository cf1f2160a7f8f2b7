import { type Graph, nestedGraphs } from "@vlm-export/ir";
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
  return graph.nodes.some((node) => QUANTIZERS.has(node.op.slice(node.op.lastIndexOf(":") + 1)) || nestedGraphs(node).some(hasQuantizers));
}
