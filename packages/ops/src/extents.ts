import type { Dim } from "@vlm-export/ir";
import { opExtent, opRank } from "./errors.js";
import type { Shape } from "./op-call.js";

/** The one extent that two operands must share: a number beats a symbol, a named symbol an anonymous one. Undefined = conflict. */
export function unifyDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b) return a;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  if (typeof b === "number") return b;
  return a.startsWith("?") ? b : a;
}

/** {@link unifyDims} that throws VX-OP-EXTENT; `what` names the second extent, `other` what it must equal. */
export function sameDim(op: string, a: Dim, b: Dim, [what, other]: readonly [what: string, other: string]): Dim {
  const dim = unifyDims(a, b);
  if (dim === undefined) throw opExtent(op, what, b, `${a}, like ${other}`);
  return dim;
}

/** Throws VX-OP-RANK unless the rank is unknown or one of `ranks`. */
export function checkRank(op: string, operand: string, shape: Shape, ...ranks: readonly number[]): void {
  if (shape && !ranks.includes(shape.length)) throw opRank(op, operand, shape.length, `rank ${ranks.join(" or ")}`);
}

/** Throws VX-OP-RANK unless the rank is unknown or at least `least`. */
export function checkMinRank(op: string, operand: string, shape: Shape, least: number): void {
  if (shape && shape.length < least) throw opRank(op, operand, shape.length, `a rank of at least ${least}`);
}

/** Number of elements of a vector, when its extent is a number. */
export function vectorLength(shape: Shape): number | undefined {
  const [extent] = shape ?? [];
  return shape?.length === 1 && typeof extent === "number" ? extent : undefined;
}

/** Largest rank that a shape rule makes of the length of a shape tensor. */
const MAX_RANK = 64;

/** The rank that a shape tensor of that type stands for; undefined when unknown or absurd. */
export function rankFromVector(shape: Shape): number | undefined {
  const length = vectorLength(shape);
  return length !== undefined && length <= MAX_RANK ? length : undefined;
}
