import { elementCount, type Graph, type Node, type OpName, type Value } from "@vlm-export/ir";
import { bf16ToNumber, f16ToNumber } from "@vlm-export/numerics";

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

/** The number that a constant of one float element holds. */
export function scalarOf(value: Value | null | undefined): number | undefined {
  const data = value?.data;
  if (!data || value.type.quant || elementCount(data.shape) !== 1) return undefined;
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (data.dtype) {
    case "f64":
      return view.getFloat64(0, true);
    case "f32":
      return view.getFloat32(0, true);
    case "f16":
      return f16ToNumber(view.getUint16(0, true));
    case "bf16":
      return bf16ToNumber(view.getUint16(0, true));
    default:
      return undefined;
  }
}

/** True for a one-element constant within `tolerance` (relative) of `expected`: exporters round. */
export function constantNear(value: Value | null | undefined, expected: number, tolerance: number): boolean {
  return isNear(scalarOf(value), expected, tolerance);
}

/** Relative comparison with an expected number. */
export function isNear(found: number | undefined, expected: number, tolerance: number): boolean {
  return found !== undefined && Math.abs(found - expected) <= tolerance * Math.abs(expected);
}

/** The operand of a two-input node that is not `known`. */
export function otherInput(node: Node, known: Value): Value | undefined {
  const [a, b] = node.inputs;
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

/** Integers of a small i64 constant (axes, shapes). */
export function integersOf(value: Value | null | undefined): readonly number[] | undefined {
  const data = value?.data;
  if (!data || data.dtype !== "i64" || elementCount(data.shape) > 64) return undefined;
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: elementCount(data.shape) }, (_, i) => Number(view.getBigInt64(i * 8, true)));
}
