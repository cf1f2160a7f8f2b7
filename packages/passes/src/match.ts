import { elementCount, type Graph, isFloat, type Node, type OpName, staticShape, type TensorData, type Value } from "@vlm-export/ir";
import { numbersOf } from "@vlm-export/ops";

/** The node that makes `value`, when it is an `op`. */
export function producerOf(value: Value | null | undefined, op: OpName): Node | undefined {
  return value?.producer?.op === op ? value.producer : undefined;
}

/** The only reader of `value`; undefined when there are several, none, or when it is a graph output. */
export function soleUser(value: Value | null | undefined, graph: Graph): Node | undefined {
  if (!value || graph.outputs.includes(value)) return undefined;
  const users = graph.users(value);
  return users.length === 1 ? users[0] : undefined;
}

/** True when nothing reads `value` but one node: what a rewrite of that node removes. */
export function isPrivate(value: Value, graph: Graph): boolean {
  return soleUser(value, graph) !== undefined;
}

/** The data of a constant that is kept as what it stands for. */
export function plainData(value: Value | null | undefined): TensorData | undefined {
  return value?.type.quant ? undefined : value?.data;
}

/** The number that a constant of one float element holds. */
export function scalarOf(value: Value | null | undefined): number | undefined {
  const data = plainData(value);
  if (!data || !isFloat(data.dtype) || elementCount(data.shape) !== 1) return undefined;
  return numbersOf(data)[0];
}

/** True for a one-element constant that is `expected` as far as its element type and exporters' rounding go. */
export function constantNear(value: Value | null | undefined, expected: number): boolean {
  const found = scalarOf(value);
  return found !== undefined && isNear(found, expected, value as Value);
}

/** Relative error that a constant of a model with that element type may have: exporters write four digits or more. */
const ROUNDING: ReadonlyMap<string, number> = new Map([
  ["f16", 1e-3],
  ["bf16", 8e-3],
]);

/** Whether a number found in the constants around `value` is `expected`, as far as its element type and exporters' rounding go. */
export function isNear(found: number, expected: number, value: Value): boolean {
  return Math.abs(found - expected) <= (ROUNDING.get(value.type.dtype) ?? 1e-4) * Math.abs(expected);
}

/** The operand of a two-input node that is not `known`; undefined when `known` is both or none. */
export function otherInput(node: Node, known: Value | null | undefined): Value | undefined {
  const [a, b] = node.inputs;
  if (a === b) return undefined;
  return (a === known ? b : b === known ? a : undefined) ?? undefined;
}

/** Both orders of a commutative node's operands. */
export function bothOrders(node: Node): readonly (readonly [Value, Value])[] {
  const [a, b] = node.inputs;
  return a && b
    ? [
        [a, b],
        [b, a],
      ]
    : [];
}

/** `value` without the casts between float types that lead to it. */
export function uncast(value: Value): Value {
  return castChain(value).at(-1) ?? value;
}

/** `value` and what it was before each of the casts between float types that lead to it. */
export function castChain(value: Value): readonly Value[] {
  const chain = [value];
  for (let source = floatCastIn(value); source; source = floatCastIn(source)) chain.push(source);
  return chain;
}

function floatCastIn(value: Value): Value | undefined {
  const source = producerOf(value, "Cast")?.inputs[0];
  return source && isFloat(source.type.dtype) && isFloat(value.type.dtype) ? source : undefined;
}

/** Integers of a small i64 constant (axes, shapes). */
export function integersOf(value: Value | null | undefined): readonly number[] | undefined {
  const data = value?.data;
  if (!data || data.dtype !== "i64" || elementCount(data.shape) > 64) return undefined;
  return Array.from(numbersOf(data));
}

/** The number of a one-element constant, float or integer. */
export function numberOfConstant(value: Value | null | undefined): number | undefined {
  const integers = integersOf(value);
  return scalarOf(value) ?? (integers?.length === 1 ? integers[0] : undefined);
}

/** Rank of a value; undefined when unknown. */
export function rankOf(value: Value): number | undefined {
  return value.type.shape?.length;
}

/** Whether `result`, which a pattern makes of `x`, has as many dimensions: a constant of one element may have more than x, and add them. */
export function keepsRank(x: Value, result: Value): boolean {
  return rankOf(x) === rankOf(result);
}

/** Extents from axis `first` on (counted from the end when negative); undefined when one of them is not known. */
export function trailingShape({ type }: Value, first: number): readonly number[] | undefined {
  return staticShape({ ...type, shape: type.shape?.slice(first) });
}

/** Extent number `axis` (from the end when negative) of a value when it is a known number. */
export function extentAt(value: Value | null | undefined, axis: number): number | undefined {
  const extent = value?.type.shape?.at(axis);
  return typeof extent === "number" ? extent : undefined;
}
