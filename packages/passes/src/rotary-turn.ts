import type { Node, Value } from "@vlm-export/ir";
import { extentAt, integersOf, producerOf, rankOf } from "./match.js";

/** How the pairs that are rotated lie in a head: element i with i + n/2, or 2i with 2i + 1. */
export type Pairing = "halves" | "interleaved";

/** A value and the pairing by which another is it, turned by a quarter: (−second, first) of each pair. */
export interface Turn {
  readonly x: Value;
  readonly pairing: Pairing;
}

/** x of rank 4 and its pairing when `value` is x turned by a quarter. */
export function turnedOf(value: Value): Turn | undefined {
  const turn = turnOf(producerOf(value, "Concat"), "halves") ?? turnOf(pairsBefore(value), "interleaved");
  return turn && rankOf(turn.x) === 4 ? turn : undefined;
}

/** The Concat of pairs that a Reshape lays side by side. */
function pairsBefore(value: Value): Node | undefined {
  const pairs = producerOf(value, "Reshape")?.inputs[0];
  const count = extentAt(pairs, -2);
  if (!pairs || count === undefined || rankOf(pairs) !== 5 || rankOf(value) !== 4) return undefined;
  return extentAt(pairs, -1) === 2 && extentAt(value, -1) === 2 * count ? producerOf(pairs, "Concat") : undefined;
}

function turnOf(concat: Node | undefined, pairing: Pairing): Turn | undefined {
  const [first, second, ...others] = concat?.inputs ?? [];
  if (!concat || !first || !second || others.length > 0 || !isLastAxis(concat.attrs["axis"], first)) return undefined;
  const [a, b] = pairing === "halves" ? [first, second] : [beforeNewAxis(first), beforeNewAxis(second)];
  const x = partOf(producerOf(a, "Neg")?.inputs[0], 1, pairing);
  return x !== undefined && partOf(b, 0, pairing) === x ? { x, pairing } : undefined;
}

function beforeNewAxis(value: Value): Value | null | undefined {
  const unsqueeze = producerOf(value, "Unsqueeze");
  const axes = integersOf(unsqueeze?.inputs[1]);
  return axes?.length === 1 && isLastAxis(axes[0], value) ? unsqueeze?.inputs[0] : undefined;
}

/** x when `value` is the part of x that holds the first (0) or the second (1) elements of all pairs. */
function partOf(value: Value | null | undefined, which: 0 | 1, pairing: Pairing): Value | undefined {
  const node = value?.producer;
  const [x] = node?.inputs ?? [];
  const width = extentAt(x, -1) ?? 1;
  if (!node || !x || width % 2 !== 0) return undefined;
  const isHalf = pairing === "halves" && halves(node, x, width / 2) && node.outputs[which] === value;
  return isHalf || takes(node, RANGES[pairing](which, width)) ? x : undefined;
}

function halves(node: Node, x: Value, half: number): boolean {
  const [a, b, ...others] = node.outputs;
  const parts = [a, b].every((part) => extentAt(part, -1) === half);
  return node.op === "Split" && others.length === 0 && parts && isLastAxis(node.attrs["axis"] ?? 0, x);
}

interface Range {
  readonly begin: number;
  readonly end: number;
  readonly step: number;
  /** Extent of the axis. */
  readonly width: number;
}

/** Which range of the last axis holds the first or second elements of all pairs. */
const RANGES: Readonly<Record<Pairing, (which: 0 | 1, width: number) => Range>> = {
  halves: (which, width) => ({ begin: (which * width) / 2, end: ((which + 1) * width) / 2, step: 1, width }),
  interleaved: (which, width) => ({ begin: which, end: width, step: 2, width }),
};

/** Whether a node is a Slice of that range of the last axis. */
function takes(node: Node, { begin, end, step, width }: Range): boolean {
  const [x, ...operands] = node.inputs;
  const [from, to, axis, by] = operands.map((operand) => integersOf(operand));
  if (node.op !== "Slice" || !x || [from, to, axis].some((each) => each?.length !== 1) || !isLastAxis(axis?.[0], x)) return false;
  const found = [from, to].map((each) => positionOf(each?.[0] as number, width));
  return found[0] === begin && found[1] === end && (operands[3] ? by?.[0] : 1) === step;
}

function positionOf(index: number, width: number): number {
  return Math.min(index < 0 ? index + width : index, width);
}

function isLastAxis(axis: unknown, of: Value): boolean {
  return axis === -1 || axis === (rankOf(of) ?? 0) - 1;
}
