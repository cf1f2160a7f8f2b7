import { isFloat, type Node, type OpDef, type OpInput, type OpRegistry, type TensorType, type Value } from "@vlm-export/ir";

/** Which axes of a weight are output channels and which is summed over. */
export interface WeightAxes {
  readonly channel: number;
  readonly reduce: number;
}

/**
 * A float operand that a rule can decide on. weight: a constant with channel and sum axes; constant: any other constant operand
 * that integer kernels take; bias: a constant addend of a sum of products; activation: anything that is computed.
 */
export type Operand =
  | { readonly kind: "weight"; readonly index: number; readonly value: Value; readonly axes: WeightAxes }
  | { readonly kind: "activation" | "bias" | "constant"; readonly index: number; readonly value: Value };

/** The float operands of a node that can become integers; none for ops that the registry does not know or never quantizes. */
export function operandsOf(node: Node, ops: OpRegistry): readonly Operand[] {
  const def = ops.get(node.op);
  if (!def || def.quant === "float") return [];
  return node.inputs.flatMap((value, index) => operandOf(node, def, index, value) ?? []);
}

function operandOf(node: Node, def: OpDef, index: number, value: Value | null): Operand | undefined {
  const part = inputOf(def, index)?.quantizable;
  if (!value || !part || !isQuantizable(value.type)) return undefined;
  if (!value.data) return part === "bias" ? undefined : { kind: "activation", index, value };
  if (part === "bias") return { kind: "bias", index, value };
  const axes = def.weightAxes?.(
    index,
    node.inputs.map((input) => input?.type ?? null),
    node.attrs,
  );
  return axes ? { kind: "weight", index, value, axes } : { kind: "constant", index, value };
}

function inputOf(def: OpDef, index: number): OpInput | undefined {
  const last = def.inputs.at(-1);
  return def.inputs[index] ?? (last?.variadic ? last : undefined);
}

/** A float tensor with at least one element, as far as the shape is known, that is not quantized yet. */
export function isQuantizable(type: TensorType): boolean {
  return isFloat(type.dtype) && type.dtype !== "f64" && !type.quant && !type.foreign && !(type.shape?.includes(0) ?? false);
}
