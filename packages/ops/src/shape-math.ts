import type { Dim } from "@vlm-export/ir";
import {
  add,
  constantValue,
  divideExactly,
  floorDivide,
  MAX_TEXT,
  multiply,
  type Polynomial,
  parseDim,
  printPolynomial,
} from "./dim-polynomial.js";

const MAX_TERMS = 16;

function dimOf(polynomial: Polynomial | undefined): Dim | undefined {
  if (!polynomial || polynomial.size > MAX_TERMS) return undefined;
  const dim = printPolynomial(polynomial);
  const bounded = typeof dim === "number" ? Number.isSafeInteger(dim) : dim.length <= MAX_TEXT;
  return bounded && [...polynomial.values()].every(Number.isSafeInteger) ? dim : undefined;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value + 0 : undefined; // + 0: no negative zero
}

/** a + b; undefined when the result has no short form. */
export function addDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === "number" && typeof b === "number") return safe(a + b);
  return b === 0 ? a : a === 0 ? b : dimOf(add(parseDim(a), parseDim(b)));
}

/** a − b. */
export function subtractDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === "number" && typeof b === "number") return safe(a - b);
  return b === 0 ? a : dimOf(add(parseDim(a), parseDim(b), -1));
}

/** a · b. */
export function multiplyDims(a: Dim, b: Dim): Dim | undefined {
  if (typeof a === "number" && typeof b === "number") return safe(a * b);
  return b === 1 ? a : a === 1 ? b : dimOf(multiply(parseDim(a), parseDim(b)));
}

/** floor(a / divisor); undefined unless the divisor is a positive number. */
export function floorDivideDim(a: Dim, divisor: Dim): Dim | undefined {
  if (typeof divisor !== "number" || divisor <= 0) return divideDims(a, divisor);
  if (typeof a === "number") return Math.floor(a / divisor);
  return dimOf(floorDivide(parseDim(a), divisor));
}

/** ceil(a / divisor). */
export function ceilDivideDim(a: Dim, divisor: number): Dim | undefined {
  const numerator = addDims(a, divisor - 1);
  return numerator === undefined ? undefined : floorDivideDim(numerator, divisor);
}

/** a / b when it divides without rest whatever the symbols stand for. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b) return 1;
  return dimOf(divideExactly(parseDim(a), parseDim(b)));
}

/** Product of all extents; 1 for none. */
export function productOf(dims: readonly Dim[]): Dim | undefined {
  return dims.reduce<Dim | undefined>((product, dim) => (product === undefined ? undefined : multiplyDims(product, dim)), 1);
}

/** Product of `dims` divided by the product of `parts`; extents that occur on both sides cancel first. */
export function quotientOf(dims: readonly Dim[], parts: readonly Dim[]): Dim | undefined {
  const rest = [...dims];
  const open = parts.filter((part) => {
    const at = rest.indexOf(part);
    if (at >= 0 && part !== 0) rest.splice(at, 1);
    return at < 0 || part === 0;
  });
  const total = productOf(rest);
  const known = productOf(open);
  return total === undefined || known === undefined || known === 0 ? undefined : divideDims(total, known);
}

/** The number that an extent must be, or undefined when it depends on a symbol. */
export function numberOf(dim: Dim | undefined): number | undefined {
  return dim === undefined ? undefined : constantValue(parseDim(dim));
}

/** `[batch, 3, 224]`. */
export function shapeText(shape: readonly Dim[]): string {
  return `[${shape.join(", ")}]`;
}
