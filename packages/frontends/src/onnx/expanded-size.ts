import type { OnnxFunction, OnnxNode } from "@vlm-export/formats/onnx";
import { importLimit } from "../errors.js";
import { functionKey } from "./import-context.js";

/** Nodes that a model may have once its functions are expanded. */
const MAX_NODES = 2_000_000;
/** Functions inside functions. */
const MAX_DEPTH = 100;

/**
 * Throws VX-IMPORT-LIMIT when the nodes, with every call of a model function expanded, are more than any model has: functions that
 * call functions several times grow without bound. Rings of calls are not followed; the expansion finds them.
 */
export function checkExpandedSize(nodes: readonly OnnxNode[], functions: ReadonlyMap<string, OnnxFunction>, file: string): void {
  if (functions.size === 0) return;
  const sizes = new Map<string, number>();
  let depth = 0;
  const sizeOf = (list: readonly OnnxNode[]): number => list.reduce((sum, node) => sum + nodeSize(node), 0);
  const nodeSize = (node: OnnxNode): number => {
    const key = functionKey(node.domain, node.opType, node.overload);
    const body = functions.get(key);
    return body ? callSize(key, body) : 1 + nestedSize(node);
  };
  const nestedSize = (node: OnnxNode): number =>
    node.attributes.reduce((sum, attribute) => sum + (attribute.kind === "graph" ? sizeOf(attribute.value.graph.nodes) : 0), 0);
  const callSize = (key: string, body: OnnxFunction): number => {
    const known = sizes.get(key);
    if (known !== undefined) return known;
    sizes.set(key, 0);
    depth += 1;
    if (depth > MAX_DEPTH) throw importLimit({ file }, "levels of functions", MAX_DEPTH);
    const size = sizeOf(body.nodes);
    depth -= 1;
    sizes.set(key, size);
    return size;
  };
  if (sizeOf(nodes) > MAX_NODES) throw importLimit({ file }, "nodes", MAX_NODES);
}
