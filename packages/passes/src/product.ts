import type { Graph, Node, Value } from "@vlm-export/ir";
import { isPrivate, numberOfConstant, scalarOf } from "./match.js";

/** A product of values and a constant factor, whatever tree of Mul, Div, Pow and Neg it was written as. */
export interface Product {
  readonly constant: number;
  /** Factors that are no constants; a square comes twice. */
  readonly factors: readonly Value[];
}

const MAX_POWER = 4;
/** Nodes that are gone through one above the other: more than any formula has, and long chains are not read again from each of their nodes. */
const MAX_DEPTH = 12;

/**
 * Reads `value` as constant · Π factors. Goes through a node only when nothing else reads its result (the root always), so
 * that a rewrite of the whole removes it; through {@link MAX_DEPTH} nodes at most.
 */
export function productOf(value: Value, graph: Graph): Product {
  return splitOf(value, { graph, depth: MAX_DEPTH }) ?? { constant: 1, factors: [value] };
}

interface Reading {
  readonly graph: Graph;
  /** Nodes that may still be gone through. */
  readonly depth: number;
}

function inner(value: Value, { graph, depth }: Reading): Product {
  const known = scalarOf(value);
  if (known !== undefined) return { constant: known, factors: [] };
  const isOpen = depth > 1 && SPLITS.has(value.producer?.op ?? "") && isPrivate(value, graph);
  return (isOpen ? splitOf(value, { graph, depth: depth - 1 }) : undefined) ?? { constant: 1, factors: [value] };
}

/** What the node that makes `value` multiplies; undefined when it does not multiply. */
function splitOf(value: Value, reading: Reading): Product | undefined {
  const node = value.producer;
  const [a, b] = node?.inputs ?? [];
  return node && a ? SPLITS.get(node.op)?.(a, b ?? a, reading) : undefined;
}

type Split = (a: Value, b: Value, reading: Reading) => Product | undefined;

const SPLITS: ReadonlyMap<Node["op"], Split> = new Map<Node["op"], Split>([
  ["Mul", (a, b, reading) => multiply(inner(a, reading), inner(b, reading))],
  ["Neg", (a, _, reading) => scaled(inner(a, reading), -1)],
  ["Div", (a, b, reading) => divided(a, scalarOf(b), reading)],
  ["Pow", (a, b, reading) => raised(a, numberOfConstant(b), reading)],
]);

function multiply(a: Product, b: Product): Product {
  return { constant: a.constant * b.constant, factors: [...a.factors, ...b.factors] };
}

function scaled({ constant, factors }: Product, by: number): Product {
  return { constant: constant * by, factors };
}

function divided(numerator: Value, divisor: number | undefined, reading: Reading): Product | undefined {
  return divisor ? scaled(inner(numerator, reading), 1 / divisor) : undefined;
}

function raised(base: Value, exponent: number | undefined, reading: Reading): Product | undefined {
  if (!exponent || !Number.isInteger(exponent) || exponent < 1 || exponent > MAX_POWER) return undefined;
  const { constant, factors } = inner(base, reading);
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
