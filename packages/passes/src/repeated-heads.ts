import type { Node, Value } from "@vlm-export/ir";
import { integersOf, producerOf, rankOf } from "./match.js";

/**
 * When every head of `value` [batch, heads · n, sequence, size] is n times the same head of another value, as decoders with grouped
 * queries write it: that value [batch, heads, sequence, size]. Reads Unsqueeze, then Expand or Concat along the new axis, then Reshape.
 */
export function beforeRepeat(value: Value): Value | undefined {
  const repeated = producerOf(value, "Reshape")?.inputs[0];
  const source = repeated
    ? beforeUnsqueeze(producerOf(repeated, "Expand")?.inputs[0] ?? sameOperand(producerOf(repeated, "Concat")))
    : undefined;
  return repeated && source && mergesHeads(source, repeated, value) ? source : undefined;
}

/** What an Unsqueeze behind the heads of a value of rank 4 reads. */
function beforeUnsqueeze(value: Value | null | undefined): Value | undefined {
  const unsqueeze = producerOf(value, "Unsqueeze");
  const [source] = unsqueeze?.inputs ?? [];
  const [axis, ...others] = integersOf(unsqueeze?.inputs[1]) ?? [];
  return source && rankOf(source) === 4 && (axis === 2 || axis === -3) && others.length === 0 ? source : undefined;
}

/** The operand of a Concat along axis 2 that has nothing else. */
function sameOperand(concat: Node | undefined): Value | undefined {
  const [first] = concat?.inputs ?? [];
  const isAlong = concat?.attrs["axis"] === 2 || concat?.attrs["axis"] === -3;
  return isAlong && first && concat?.inputs.every((input) => input === first) ? first : undefined;
}

function mergesHeads(source: Value, repeated: Value, merged: Value): boolean {
  const [, heads, times] = repeated.type.shape ?? [];
  const [size, mergedHeads] = [source.type.shape?.[3], merged.type.shape?.[1]];
  const isKnown = typeof heads === "number" && typeof times === "number" && source.type.shape?.[1] === heads;
  return isKnown && mergedHeads === heads * times && rankOf(merged) === 4 && merged.type.shape?.[3] === size;
}
