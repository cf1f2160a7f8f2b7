import type { Graph, Node, Value } from "@vlm-export/ir";
import { isPrivate, numberOfConstant, scalarOf } from "./match.js";

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
export function productOf(value: Value, graph: Graph): Product {
  return splitOf(value, graph) ?? { constant: 1, factors: [value] };
}

function inner(value: Value, graph: Graph): Product {
  const known = scalarOf(value);
  if (known !== undefined) return { constant: known, factors: [] };
  return isPrivate(value, graph) ? productOf(value, graph) : { constant: 1, factors: [value] };
}

/** What the node that makes `value` multiplies; undefined when it does not multiply. */
function splitOf(value: Value, graph: Graph): Product | undefined {
  const node = value.producer;
  const [a, b] = node?.inputs ?? [];
  return node && a ? SPLITS.get(node.op)?.(a, b ?? a, graph) : undefined;
}

type Split = (a: Value, b: Value, graph: Graph) => Product | undefined;

const SPLITS: ReadonlyMap<Node["op"], Split> = new Map<Node["op"], Split>([
  ["Mul", (a, b, graph) => multiply(inner(a, graph), inner(b, graph))],
  ["Neg", (a, _, graph) => scaled(inner(a, graph), -1)],
  ["Div", (a, b, graph) => divided(a, scalarOf(b), graph)],
  ["Pow", (a, b, graph) => raised(a, numberOfConstant(b), graph)],
]);

function multiply(a: Product, b: Product): Product {
  return { constant: a.constant * b.constant, factors: [...a.factors, ...b.factors] };
}

function scaled({ constant, factors }: Product, by: number): Product {
  return { constant: constant * by, factors };
}

function divided(numerator: Value, divisor: number | undefined, graph: Graph): Product | undefined {
  return divisor ? scaled(inner(numerator, graph), 1 / divisor) : undefined;
}

function raised(base: Value, exponent: number | undefined, graph: Graph): Product | undefined {
  if (!exponent || !Number.isInteger(exponent) || exponent < 1 || exponent > MAX_POWER) return undefined;
  const { constant, factors } = inner(base, graph);
  return { constant: constant ** exponent, factors: Array.from({ length: exponent }, () => factors).flat() };
}

/** When the product is `constant` · `x` · one other factor, that factor. */
export function cofactor(product: Product, x: Value): Value | undefined {
  const at = product.factors.indexOf(x);
  const rest = product.factors.filter((_, i) => i !== at);
  return at >= 0 && rest.length === 1 ? rest[0] : undefined;
}

/** c when the product is c · `x`. */
export function multipleOf(value: Value, x: Value, graph: Graph): number | undefined {
  const { constant, factors } = productOf(value, graph);
  return factors.length === 1 && factors[0] === x ? constant : undefined;
}
