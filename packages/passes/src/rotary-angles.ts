import { isFloat, type Node, type Value } from "@vlm-export/ir";
import { floatElements } from "./float-constant.js";
import { extentAt, integersOf, producerOf, rankOf, scalarOf } from "./match.js";
import type { Pairing } from "./rotary-turn.js";
import type { StandIn } from "./stand-in.js";

/** Ops that give each element of the last axis from the same element of their first input. */
const ELEMENTWISE: ReadonlySet<string> = new Set(["Cos", "Sin", "Cast", "Neg", "Identity", "Expand"]);
/** Tables are looked at up to this many elements. */
const MAX_TABLE = 1 << 24;

/** True when both elements of every pair along the last axis are certainly the same: rotation angles were written twice. */
export function repeatsPairs(value: Value, pairing: Pairing): boolean {
  let origin = value;
  for (let source = sameElements(origin); source; source = sameElements(origin)) origin = source;
  if (origin.data) return tableRepeats(origin, pairing);
  const node = origin.producer;
  if (!node) return false;
  return pairing === "halves" ? isDoubled(node) : isInterleavedTwice(node);
}

/** The operand whose elements along the last axis the value has in their places, each changed alike. */
function sameElements(value: Value): Value | undefined {
  const node = value.producer;
  if (!node) return undefined;
  const [source] = node.inputs;
  if (ELEMENTWISE.has(node.op) || keepsLastAxis(node)) return source && sameWidth(source, value) ? source : undefined;
  return (node.op === "Mul" || node.op === "Div") && isScaling(node) ? scaledOperand(node) : undefined;
}

function sameWidth(a: Value, b: Value): boolean {
  const width = extentAt(a, -1);
  return width !== undefined && width === extentAt(b, -1);
}

function tableRepeats(value: Value, pairing: Pairing): boolean {
  const width = extentAt(value, -1);
  const values = isFloat(value.type.dtype) && (value.data?.byteLength ?? 0) <= 4 * MAX_TABLE ? floatElements(value) : undefined;
  if (!values || width === undefined || width % 2 !== 0) return false;
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
  const pairs = node.op === "Reshape" ? node.inputs[0] : undefined;
  const [a, b] = producerOf(pairs, "Concat")?.inputs ?? [];
  const single = producerOf(pairs, "Expand")?.inputs[0] ?? (a === b ? a : undefined);
  const width = extentAt(single, -2) ?? Number.NaN;
  return extentAt(pairs, -1) === 2 && extentAt(single, -1) === 1 && extentAt(node.outputs[0], -1) === 2 * width;
}

/**
 * Cosines or sines that broadcast to [batch, heads, sequence, n] as [batch, sequence, n/2], each pair once; undefined when they vary
 * along the heads.
 */
export function cacheOf(write: StandIn, angles: Value, x: Value, pairing: Pairing): Value | undefined {
  const shape = angles.type.shape ?? [];
  const [width, rank] = [extentAt(angles, -1), shape.length];
  if (width === undefined || rank < 2 || rank > 4 || (shape.at(-3) ?? 1) !== 1) return undefined;
  const [end, step] = pairing === "halves" ? [width / 2, 1] : [width, 2];
  const once = write.op("Slice", [angles, write.ints(0), write.ints(end), write.ints(-1), write.ints(step)]);
  if (rank === 4)
    return shape[0] === 1 ? forEach(write, write.op("Squeeze", [once, write.ints(1)]), x) : write.op("Squeeze", [once, write.ints(1)]);
  return forEach(write, rank === 2 ? write.op("Unsqueeze", [once, write.ints(0)]) : once, x);
}

/** A cache of one batch for every batch of x. */
function forEach(write: StandIn, cache: Value, x: Value): Value {
  if (extentAt(x, 0) === 1) return cache;
  const batch = write.op("Slice", [write.op("Shape", [x]), write.ints(0), write.ints(1)]);
  return write.op("Expand", [cache, write.op("Concat", [batch, write.ints(1, 1)], { axis: 0 })]);
}
