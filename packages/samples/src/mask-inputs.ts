import { type Graph, type Node, outputsOf, type Value } from "@vlm-export/ir";

/** Operators that hand a mask on: element by element, or by moving elements. */
const HANDING_ON: ReadonlySet<string> = new Set([
  "Add",
  "Cast",
  "CastLike",
  "Concat",
  "Expand",
  "Gather",
  "Identity",
  "Max",
  "Min",
  "Mul",
  "Neg",
  "Reshape",
  "Slice",
  "Squeeze",
  "Sub",
  "Tile",
  "Transpose",
  "Unsqueeze",
  "Where",
]);
/** Operators in which a mask meets what the model computes. */
const MASKING: ReadonlySet<string> = new Set(["Add", "Max", "Min", "Sub", "Where"]);
const ATTENTION_MASK = 3;

/** Inputs that do nothing but mask what the model computes: −∞ is an element like others there. */
export function maskInputs(graph: Graph): ReadonlySet<Value> {
  const plain = plainValues(graph);
  const masks = new Set<Value>();
  const settle = (value: Value): void => {
    const users = graph.users(value);
    if (users.length > 0 && !graph.outputs.includes(value) && users.every((node) => takesMask(node, value, { plain, masks })))
      masks.add(value);
  };
  for (const node of graph.nodes.toReversed()) outputsOf(node).forEach(settle);
  graph.inputs.forEach(settle);
  return new Set(graph.inputs.filter((input) => masks.has(input)));
}

/** Values that come from inputs and constants through operators that hand masks on alone. */
function plainValues(graph: Graph): ReadonlySet<Value> {
  const plain = new Set<Value>(graph.inputs);
  for (const node of graph.nodes)
    if (HANDING_ON.has(node.op) && node.inputs.every((value) => !value || value.data || plain.has(value)))
      for (const value of outputsOf(node)) plain.add(value);
  return plain;
}

function takesMask(
  node: Node,
  value: Value,
  { plain, masks }: { readonly plain: ReadonlySet<Value>; readonly masks: ReadonlySet<Value> },
): boolean {
  if (outputsOf(node).some((output) => plain.has(output))) return outputsOf(node).every((output) => masks.has(output));
  if (node.op === "Attention") return node.inputs.every((input, i) => input !== value || i === ATTENTION_MASK);
  return MASKING.has(node.op);
}
