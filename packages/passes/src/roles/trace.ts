import { type Graph, isFloat, type Node, outputsOf, type Value } from "@vlm-export/ir";
import { dataOperands, plainName } from "./operands.js";

/** Ops that move, pool or rescale numbers on the way between a projection and an attention product. */
const WIRING: ReadonlySet<string> = new Set([
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
  "ReduceMax",
  "MaxPool",
  "AveragePool",
  "vlm::Quantize",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** Whether numbers go through `node` with their meaning kept. */
export function isWiring(node: Node): boolean {
  return WIRING.has(plainName(node.op)) || WIRING.has(node.op);
}

/** Ops through which a constant is still the weight of its reader. */
const WEIGHT_VIEWS: ReadonlySet<string> = new Set(["Transpose", "Cast", "DequantizeLinear", "Reshape"]);

const NORMS: ReadonlySet<string> = new Set(["LayerNormalization", "RMSNormalization", "GroupNormalization", "InstanceNormalization"]);
const ACTIVATIONS: ReadonlySet<string> = new Set([
  "Gelu",
  "vlm::QuickGelu",
  "Relu",
  "LeakyRelu",
  "Swish",
  "Sigmoid",
  "HardSwish",
  "HardSigmoid",
  "Tanh",
  "Erf",
  "Mish",
  "Elu",
  "Clip",
  "PRelu",
  "Softplus",
]);

/** True for the normalization ops, those of other domains that add a residual first too. */
export function isNorm(node: Node): boolean {
  return NORMS.has(node.op) || /::(Skip)?(Simplified)?LayerNormalization$/.test(node.op);
}

/** True for the activation functions. */
export function isActivation(node: Node): boolean {
  return ACTIVATIONS.has(node.op);
}

/** True for a constant, and for one that is transposed, cast or dequantized. */
export function isWeight(value: Value | null | undefined): boolean {
  let source = value;
  while (source?.producer && WEIGHT_VIEWS.has(source.producer.op)) source = source.producer.inputs[0];
  return source?.data !== undefined;
}

/** A product of an activation with a constant weight: MatMul or Gemm, or one of another domain, whatever form its weight is kept in. */
export function isProjection(node: Node): boolean {
  return MULTIPLIES.test(node.op) && isWeight(node.inputs[1]) && !isWeight(node.inputs[0]);
}

const MULTIPLIES = /^(MatMul|Gemm|.*::\w*(MatMul|Gemm)\w*)$/;

/** True for convolutions, transposed ones too. */
export function isConvolution({ op }: Node): boolean {
  return op === "Conv" || op === "ConvTranspose";
}

/** A projection, or a convolution in its place. */
export function isLayer(node: Node): boolean {
  return isProjection(node) || node.op === "Conv";
}

/** A product of two activations. */
export function isProduct(node: Node): boolean {
  return (node.op === "MatMul" || node.op === "Einsum") && node.inputs.length === 2 && !node.inputs.some(isWeight);
}

/** A lookup of integers in a table of numbers. */
export function isLookup(node: Node): boolean {
  const [table, ids] = node.inputs;
  return (
    node.op === "Gather" && isWeight(table) && isFloat(table?.type.dtype ?? "unknown") && table?.type.shape?.length === 2 && !isWeight(ids)
  );
}

/** The nodes that read what a node gives; one that reads several of its results comes several times. */
export function usersOf(graph: Graph, node: Node): readonly Node[] {
  return outputsOf(node).flatMap((value) => graph.users(value));
}

/** How far a search goes, and through which nodes. */
export interface Search {
  readonly limit?: number;
  passes?(node: Node): boolean;
}

/** The nearest node above `value` that `accept`s, through wiring unless told otherwise, first operand first. */
export function findAbove(
  value: Value | null | undefined,
  accept: (node: Node) => boolean,
  { limit = 64, passes = isWiring }: Search = {},
): Node | undefined {
  const queue: (Value | null | undefined)[] = [value];
  for (let steps = 0; queue.length > 0 && steps < limit; steps += 1) {
    const node = queue.shift()?.producer;
    if (!node) continue;
    if (accept(node)) return node;
    if (passes(node)) queue.push(...dataOperands(node));
  }
  return undefined;
}

/** The nearest node below `value` that `accept`s, through wiring unless told otherwise. */
export function findBelow(
  value: Value | null | undefined,
  graph: Graph,
  accept: (node: Node) => boolean,
  { limit = 64, passes = isWiring }: Search = {},
): Node | undefined {
  const queue: (Value | null | undefined)[] = [value];
  for (let steps = 0; queue.length > 0 && steps < limit; steps += 1) {
    const current = queue.shift();
    for (const node of current ? graph.users(current) : []) {
      if (accept(node)) return node;
      if (passes(node)) queue.push(...node.outputs);
    }
  }
  return undefined;
}
