import { type GraphTree, isFloat, type Node, type OpDef, type OpInput, type OpRegistry, type TensorType, type Value } from "@vlm-export/ir";

/** Which axes of a weight are output channels and which is summed over. */
export interface WeightAxes {
  readonly channel: number;
  readonly reduce: number;
}

/**
 * A float operand that a rule can decide on. weight: a constant with channel and sum axes, and its name after the path of its graph; constant: any other constant operand
 * that integer kernels take; bias: a constant addend of a sum of products; activation: anything that is computed.
 */
export type Operand =
  | { readonly kind: "weight"; readonly index: number; readonly value: Value; readonly name: string; readonly axes: WeightAxes }
  | { readonly kind: "activation" | "bias" | "constant"; readonly index: number; readonly value: Value };

/**
 * The float operands of a node that can become integers; none for ops that the registry does not know or never quantizes. A capture of
 * a constant is that constant.
 */
export function operandsOf(node: Node, ops: OpRegistry, tree: Pick<GraphTree, "sourceOf" | "nameOf">): readonly Operand[] {
  const def = ops.get(node.op);
  if (!def || def.quant === "float") return [];
  const inputs = node.inputs.map((value) => value && constantOf(value, tree));
  return inputs.flatMap((_, index) => operandOf({ node, inputs, nameOf: tree.nameOf }, def, index) ?? []);
}

function constantOf(value: Value, { sourceOf }: Pick<GraphTree, "sourceOf">): Value {
  const source = sourceOf(value);
  return source.data ? source : value;
}

interface OperandSite {
  readonly node: Node;
  readonly inputs: readonly (Value | null)[];
  nameOf(constant: Value): string;
}

function operandOf({ node, inputs, nameOf }: OperandSite, def: OpDef, index: number): Operand | undefined {
  const part = inputOf(def, index)?.quantizable;
  const value = inputs[index];
  if (!value || !part || !isQuantizable(value.type)) return undefined;
  if (!value.data) return part === "bias" ? undefined : { kind: "activation", index, value };
  if (part === "bias") return { kind: "bias", index, value };
  const axes = def.weightAxes?.(
    index,
    inputs.map((input) => input?.type ?? null),
    node.attrs,
  );
  return axes ? { kind: "weight", index, value, name: nameOf(value), axes } : { kind: "constant", index, value };
}

function inputOf(def: OpDef, index: number): OpInput | undefined {
  const last = def.inputs.at(-1);
  return def.inputs[index] ?? (last?.variadic ? last : undefined);
}

/** A float tensor with at least one element, as far as the shape is known, that is not quantized yet. */
export function isQuantizable(type: TensorType): boolean {
  return isFloat(type.dtype) && type.dtype !== "f64" && !type.quant && !type.foreign && !(type.shape?.includes(0) ?? false);
}
