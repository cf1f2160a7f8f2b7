import type { Graph, Node, Value } from "@vlm-export/ir";

/** Ops that move or rescale numbers on the way between a projection and an attention product. */
const WIRING = new Set([
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Split",
  "Slice",
  "Gather",
  "Identity",
  "Cast",
  "Concat",
  "Expand",
  "Tile",
  "Mul",
  "Div",
  "Add",
  "Sub",
  "Neg",
  "RotaryEmbedding",
  "LayerNormalization",
  "RMSNormalization",
  "Where",
  "Quantize",
  "vlm::Quantize",
]);

const PROJECTIONS = new Set(["MatMul", "Gemm"]);

/** A MatMul or Gemm with a constant weight. */
export function isProjection(node: Node): boolean {
  return PROJECTIONS.has(node.op) && node.inputs[1]?.data !== undefined;
}

/** A MatMul of two activations. */
export function isProduct(node: Node): boolean {
  return node.op === "MatMul" && !node.inputs[0]?.data && !node.inputs[1]?.data;
}

/** The nearest node above `value` that `accept`s, through wiring only, first operand first. */
export function findAbove(value: Value | null | undefined, accept: (node: Node) => boolean, limit = 64): Node | undefined {
  const queue: (Value | null | undefined)[] = [value];
  for (let steps = 0; queue.length > 0 && steps < limit; steps += 1) {
    const node = queue.shift()?.producer;
    if (!node) continue;
    if (accept(node)) return node;
    if (WIRING.has(node.op)) queue.push(...node.inputs);
  }
  return undefined;
}

/** The nearest node below `value` that `accept`s, through wiring only. */
export function findBelow(value: Value | null | undefined, graph: Graph, accept: (node: Node) => boolean, limit = 64): Node | undefined {
  const queue: (Value | null | undefined)[] = [value];
  for (let steps = 0; queue.length > 0 && steps < limit; steps += 1) {
    const current = queue.shift();
    for (const node of current ? graph.users(current) : []) {
      if (accept(node)) return node;
      if (WIRING.has(node.op)) queue.push(...node.outputs);
    }
  }
  return undefined;
}
