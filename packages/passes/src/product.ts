import type { Graph, Value } from "@vlm-export/ir";
import { integersOf, scalarOf } from "./match.js";

/** A product of values and a constant factor, whatever tree of Mul, Div, Pow and Neg it was written as. */
export interface Product {
  readonly constant: number;
  /** Factors that are no constants; a square comes twice. */
  readonly factors: readonly Value[];
}

const MAX_POWER = 4;

/**
 * Reads `value` as constant · Π factors. Goes through a node only when nothing else reads its result (the root always), so
 * that a rewrite of the whole removes it.
 */
export function productOf(value: Value, graph: Graph, isRoot = true): Product {
  const known = scalarOf(value);
  if (known !== undefined) return { constant: known, factors: [] };
  const node = value.producer;
  const isOpen = isRoot || (graph.users(value).length === 1 && !graph.outputs.includes(value));
  const [a, b] = node?.inputs ?? [];
  if (!node || !isOpen || !a) return { constant: 1, factors: [value] };
  if (node.op === "Mul" && b) return multiply(productOf(a, graph, false), productOf(b, graph, false));
  if (node.op === "Neg") return multiply({ constant: -1, factors: [] }, productOf(a, graph, false));
  if (node.op === "Div" && b) return divided(value, productOf(a, graph, false), scalarOf(b));
  if (node.op === "Pow" && b) return raised(value, productOf(a, graph, false), scalarOf(b) ?? integersOf(b)?.[0]);
  return { constant: 1, factors: [value] };
}

function multiply(a: Product, b: Product): Product {
  return { constant: a.constant * b.constant, factors: [...a.factors, ...b.factors] };
}

function divided(whole: Value, numerator: Product, divisor: number | undefined): Product {
  return divisor ? { constant: numerator.constant / divisor, factors: numerator.factors } : { constant: 1, factors: [whole] };
}

function raised(whole: Value, base: Product, exponent: number | undefined): Product {
  if (!exponent || !Number.isInteger(exponent) || exponent < 1 || exponent > MAX_POWER) return { constant: 1, factors: [whole] };
  return { constant: base.constant ** exponent, factors: Array.from({ length: exponent }, () => base.factors).flat() };
}

/** When the product is `constant` · `x` · one other factor, that factor. */
export function cofactor(product: Product, x: Value): Value | undefined {
  const at = product.factors.indexOf(x);
  const rest = product.factors.filter((_, i) => i !== at);
  return at >= 0 && rest.length === 1 ? rest[0] : undefined;
}
