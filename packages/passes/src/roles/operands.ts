import type { Node, OpName, Value } from "@vlm-export/ir";

/** Ops whose further operands say how, not what: shapes, axes, indices, bounds. */
const FIRST_ONLY: ReadonlySet<OpName> = new Set([
  "Reshape",
  "Expand",
  "Slice",
  "Tile",
  "Squeeze",
  "Unsqueeze",
  "Split",
  "Pad",
  "Resize",
  "Gather",
  "GatherND",
  "GatherElements",
  "TopK",
  "Clip",
  "ReduceMax",
  "ReduceMean",
  "ReduceSum",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** Ops whose result tells of the extent, the place or the truth of numbers and holds none of them. */
const NOTHING: ReadonlySet<OpName> = new Set([
  "Shape",
  "Size",
  "ConstantOfShape",
  "NonZero",
  "ArgMax",
  "Equal",
  "Less",
  "Greater",
  "IsNaN",
]);

/** Name of an operator without its domain. */
export function plainName(op: OpName): string {
  return op.slice(op.lastIndexOf(":") + 1);
}

/** Operands whose numbers are in the result; without shapes, axes, indices and conditions. */
export function dataOperands(node: Node): readonly Value[] {
  return chosen(node).filter((value) => value !== null && value !== undefined) as Value[];
}

function chosen({ op, inputs }: Node): readonly (Value | null | undefined)[] {
  if (NOTHING.has(op)) return [];
  if (FIRST_ONLY.has(op) || plainName(op) === "RotaryEmbedding") return inputs.slice(0, 1);
  if (op === "Where") return inputs.slice(1);
  return op === "ScatterND" || op === "ScatterElements" ? [inputs[0], inputs[2]] : inputs;
}

/** Ops that show the same numbers, or some of them, in another form. */
const VIEWS: ReadonlySet<OpName> = new Set([
  "Reshape",
  "Transpose",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Cast",
  "Slice",
  "Split",
  "Gather",
  "GatherND",
  "Expand",
  "Identity",
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** The value that `value` is a view of, or a part. */
export function viewed(value: Value): Value {
  let seen = value;
  while (seen.producer && VIEWS.has(seen.producer.op)) {
    const [source] = seen.producer.inputs;
    if (!source || source.data) break;
    seen = source;
  }
  return seen;
}
