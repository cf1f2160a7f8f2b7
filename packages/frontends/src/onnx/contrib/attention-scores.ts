import type { Value } from "@vlm-export/ir";
import type { NodeBuilder } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** Splits [batch, sequence, heads · size] into [batch, heads, sequence, size]. */
export function splitHeads(build: NodeBuilder, flat: Value, heads: number): Value {
  return build.inner("Transpose", [build.inner("Reshape", [flat, build.ints("heads", 0, 0, heads, -1)])], { perm: [0, 2, 1, 3] });
}

/** Operands of softmax(scale · Q · Kᵀ + addends) · V, each [batch, heads, sequence, size]. */
export interface AttentionOperands {
  readonly query: Value;
  readonly key: Value;
  readonly value: Value;
  readonly scale: number;
  /** Added to the scaled products, in this order. */
  readonly addends: readonly Value[];
}

/** The scores and the context with its heads joined: [batch, sequence, heads · size], as result 0 of the source node. */
export function emitAttention(build: NodeBuilder, { query, key, value, scale, addends }: AttentionOperands): void {
  const products = build.inner("MatMul", [query, build.inner("Transpose", [key], { perm: [0, 1, 3, 2] })]);
  const scaled = scale === 1 ? products : build.inner("Mul", [products, floatConstant(build, "scale", scale, query)]);
  const scores = addends.reduce((sum, addend) => build.inner("Add", [sum, addend]), scaled);
  const context = build.inner("MatMul", [build.inner("Softmax", [scores], { axis: -1 }), value]);
  const joined = build.inner("Transpose", [context], { perm: [0, 2, 1, 3] });
  build.emit("Reshape", [joined, build.ints("joined", 0, 0, -1)], {}, [0]);
}

/** A number in the element type of `like`; throws VX-IMPORT-OP-FORM when that is none of numbers. */
export function floatConstant(build: NodeBuilder, name: string, number: number, like: Value): Value {
  const data = numbersTensor(like.type.dtype, [number], []);
  if (!data) throw build.refuse(`it computes in elements of type ${like.type.dtype}, which are no numbers`);
  return build.constant(name, data);
}
