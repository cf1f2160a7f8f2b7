import { type Graph, type GraphTree, isFloat, type Node, outputsOf, type Value } from "@vlm-export/ir";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

/** What of whole numbers and constants makes numbers that still stand for places. */
const ARITHMETIC: ReadonlySet<string> = new Set([
  "Abs",
  "Add",
  "Cast",
  "CastLike",
  "Ceil",
  "Clip",
  "Concat",
  "ConstantOfShape",
  "Div",
  "Einsum",
  "Exp",
  "Expand",
  "Flatten",
  "Floor",
  "Gather",
  "Identity",
  "Log",
  "MatMul",
  "Max",
  "Min",
  "Mod",
  "Mul",
  "Neg",
  "Pow",
  "Range",
  "Reciprocal",
  "Reshape",
  "Round",
  "Slice",
  "Split",
  "Sqrt",
  "Squeeze",
  "Sub",
  "Tile",
  "Transpose",
  "Unsqueeze",
  "Where",
]);
/** What takes an angle. */
const PERIODIC: ReadonlySet<string> = new Set(["Cos", "Sin"]);

/** A graph, and the tree of which it is a part. */
interface PositionSite {
  readonly graph: Graph;
  readonly tree: GraphTree;
}

/**
 * Exempts floats that are computed from whole numbers and constants alone and lead to nothing but angles (Sin, Cos, as rotary embeddings
 * take them) or whole numbers again (indices, as buckets of relative positions): 256 steps over all positions would make neighbours
 * the same place.
 */
export function exemptPositions(
  { graph, tree }: PositionSite,
  views: ReadonlyMap<Node, NodeView>,
  readers: Readers,
  exemptions: Exemptions,
): void {
  if ([...views.values()].every(({ decisions }) => !decisions.activations && !decisions.weights)) return;
  const isConstant = (value: Value | null): boolean => value !== null && tree.sourceOf(value).data !== undefined;
  const counted = countedValues(graph, isConstant);
  const positions = new Set<Value>();
  const takesPosition = (node: Node): boolean =>
    PERIODIC.has(node.op) || isCastToWhole(node) || (ARITHMETIC.has(node.op) && outputsOf(node).every((value) => positions.has(value)));
  for (const node of graph.nodes.toReversed())
    for (const value of outputsOf(node)) {
      const edges = readers.of(value);
      const leadsOn = edges.length > 0 && !readers.isCaptured(value) && edges.every((edge) => edge.node && takesPosition(edge.node));
      if (leadsOn && isFloat(value.type.dtype) && counted.has(value)) positions.add(value);
    }
  for (const node of graph.nodes) {
    const found = outputsOf(node).filter((value) => positions.has(value));
    if (found.length === 0) continue;
    for (const value of found) exemptions.keep(value, "position", readers);
    node.inputs.forEach((input, index) => isConstant(input) && exemptions.edges.add(edgeKey(node, index)));
  }
}

/** Whole numbers, and what arithmetic makes of them and of constants. Pictures come as whole numbers of 8 bits: those do not count. */
function countedValues(graph: Graph, isConstant: (value: Value | null) => boolean): ReadonlySet<Value> {
  const counted = new Set<Value>([...graph.inputs, ...graph.captures].filter(isWhole));
  for (const node of graph.nodes) {
    const isArithmetic =
      ARITHMETIC.has(node.op) && node.inputs.every((value) => !value || isConstant(value) || counted.has(value) || isBool(value));
    for (const value of outputsOf(node)) if (isWhole(value) || isArithmetic) counted.add(value);
  }
  return counted;
}

function isWhole({ type: { dtype } }: Value): boolean {
  return dtype === "i64" || dtype === "i32";
}

function isBool({ type: { dtype } }: Value): boolean {
  return dtype === "bool";
}

function isCastToWhole(node: Node): boolean {
  return node.op === "Cast" && outputsOf(node).every(isWhole);
}
