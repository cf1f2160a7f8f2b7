import { type Attrs, type GraphEditor, isFloat, type Node, type Value } from "@vlm-export/ir";
import { i64Tensor } from "@vlm-export/ir";
import { floatElements } from "./float-constant.js";
import { integersOf, producerOf, rankOf, scalarOf } from "./match.js";
import type { Pairing } from "./rotary-turn.js";

/** Ops that give each element of the last axis from the same element of their first input. */
const ELEMENTWISE: ReadonlySet<string> = new Set(["Cos", "Sin", "Cast", "Neg", "Identity", "Expand"]);
/** Tables are looked at up to this many elements. */
const MAX_TABLE = 1 << 24;

/** True when both elements of every pair along the last axis are certainly the same: rotation angles were written twice. */
export function repeatsPairs(value: Value, pairing: Pairing): boolean {
  const node = value.producer;
  if (value.data) return tableRepeats(value, pairing);
  if (!node) return false;
  const [source] = node.inputs;
  if (ELEMENTWISE.has(node.op) || keepsLastAxis(node)) return source ? sameWidth(source, value) && repeatsPairs(source, pairing) : false;
  if (node.op === "Mul" || node.op === "Div") return isScaling(node) && repeatsPairs(scaledOperand(node), pairing);
  return pairing === "halves" ? isDoubled(node) : isInterleavedTwice(node);
}

function sameWidth(a: Value, b: Value): boolean {
  const width = a.type.shape?.at(-1);
  return typeof width === "number" && width === b.type.shape?.at(-1);
}

function tableRepeats(value: Value, pairing: Pairing): boolean {
  const width = value.type.shape?.at(-1);
  const values = isFloat(value.type.dtype) && (value.data?.byteLength ?? 0) <= 4 * MAX_TABLE ? floatElements(value) : undefined;
  if (!values || typeof width !== "number" || width % 2 !== 0) return false;
  const twin = (i: number): number => (pairing === "halves" ? (i % width < width / 2 ? i + width / 2 : i) : i | 1);
  return values.every((each, i) => each === values[twin(i)]);
}

/** Looks rows up, or adds, removes, moves or cuts axes before the last one. */
function keepsLastAxis(node: Node): boolean {
  const [source, operand] = node.inputs;
  const rank = source ? rankOf(source) : undefined;
  const outputRank = node.outputs[0] ? rankOf(node.outputs[0]) : undefined;
  if (rank === undefined || outputRank === undefined) return false;
  const isBefore = (axes: readonly number[] | undefined, of: number): boolean =>
    axes?.every((axis) => (axis < 0 ? axis + of : axis) < of - 1) ?? false;
  switch (node.op) {
    case "Gather":
      return isBefore([Number(node.attrs["axis"] ?? 0)], rank);
    case "Slice":
      return isBefore(integersOf(node.inputs[3]), rank);
    case "Squeeze":
      return isBefore(integersOf(operand), rank);
    case "Unsqueeze":
      return isBefore(integersOf(operand), outputRank);
    default:
      return false;
  }
}

function isScaling(node: Node): boolean {
  const [a, b] = node.inputs;
  return scalarOf(b) !== undefined || (node.op === "Mul" && scalarOf(a) !== undefined);
}

function scaledOperand(node: Node): Value {
  const [a, b] = node.inputs as readonly [Value, Value];
  return scalarOf(b) === undefined ? b : a;
}

/** Concat(v, v) along the last axis. */
function isDoubled(node: Node): boolean {
  const [a, b, ...others] = node.inputs;
  const axis = node.attrs["axis"];
  return (
    node.op === "Concat" && others.length === 0 && a === b && a !== undefined && (axis === -1 || axis === (a?.type.shape?.length ?? 0) - 1)
  );
}

/** Reshape(Concat(u, u)) or Reshape(Expand(u)) where u = Unsqueeze(v, −1): each element twice in a row. */
function isInterleavedTwice(node: Node): boolean {
  const pairs = producerOf(node.outputs[0], "Reshape")?.inputs[0];
  const [a, b] = producerOf(pairs, "Concat")?.inputs ?? [];
  const single = producerOf(pairs, "Expand")?.inputs[0] ?? (a === b ? a : undefined);
  const [width, pair] = [single?.type.shape?.at(-2), pairs?.type.shape?.at(-1)];
  return pair === 2 && single?.type.shape?.at(-1) === 1 && typeof width === "number" && node.outputs[0]?.type.shape?.at(-1) === 2 * width;
}

/**
 * Cosines or sines that broadcast to [batch, heads, sequence, n] as [batch, sequence, n/2], each pair once; undefined when they vary
 * along the heads, or when the batch of `x` is not theirs.
 */
export function cacheOf(edit: GraphEditor, angles: Value, x: Value, pairing: Pairing): Value | undefined {
  const shape = angles.type.shape ?? [];
  const [width, rank] = [shape.at(-1), shape.length];
  const heads = shape.at(-3) ?? 1;
  if (typeof width !== "number" || rank < 2 || rank > 4 || heads !== 1) return undefined;
  const write = (op: string, inputs: readonly Value[], attrs: Attrs = {}): Value => edit.insert(op, inputs, attrs)[0] as Value;
  const ints = (...values: readonly number[]): Value => edit.addConstant(edit.freshName("rotary_const"), i64Tensor(values));
  const [end, step] = pairing === "halves" ? [width / 2, 1] : [width, 2];
  const once = write("Slice", [angles, ints(0), ints(end), ints(-1), ints(step)]);
  const cache = rank === 4 ? write("Squeeze", [once, ints(1)]) : rank === 2 ? write("Unsqueeze", [once, ints(0)]) : once;
  const batch = rank === 4 ? shape[0] : 1;
  if (batch === x.type.shape?.[0] || batch !== 1) return cache;
  const rows = write("Slice", [write("Shape", [x]), ints(0), ints(1)]);
  return write("Expand", [cache, write("Concat", [rows, ints(1, 1)], { axis: 0 })]);
}
