import type { Dim } from "@vlm-export/ir";
import type { ModelInput } from "./model-input.js";

/** Tokens of a made-up sequence, and entries of a made-up cache. */
const SEQUENCE = 8;

/** What exporters call symbols, the first that matches; extents that data must state are not here. */
const NAMES: readonly (readonly [name: RegExp, extent: (hasPast: boolean) => number])[] = [
  [/batch/i, () => 1],
  [/total|kv/i, (hasPast) => (hasPast ? 2 : 1) * SEQUENCE],
  [/past|cache/i, () => SEQUENCE],
  [/seq|len|token/i, () => SEQUENCE],
];

/** Small extents for the symbols of the inputs, the same wherever a symbol occurs; symbols that nothing tells are left out. */
export function symbolExtents(
  inputs: readonly ModelInput[],
  fixed: ReadonlyMap<string, readonly number[]> = new Map(),
): ReadonlyMap<string, number> {
  const extents = new Map<string, number>();
  const hasPast = symbolsOf(inputs).some(({ symbol }) => /past|cache/i.test(symbol));
  for (const { symbol, axis, input } of symbolsOf(inputs)) {
    const extent = fixed.get(input.name)?.[axis] ?? extents.get(symbol) ?? extentByName(symbol, hasPast) ?? extentByPlace(input, axis);
    if (extent !== undefined) extents.set(symbol, extent);
  }
  return extents;
}

interface Place {
  readonly symbol: string;
  readonly axis: number;
  readonly input: ModelInput;
}

function symbolsOf(inputs: readonly ModelInput[]): readonly Place[] {
  return inputs.flatMap((input) =>
    (input.type.shape ?? []).flatMap((extent: Dim, axis) => (typeof extent === "string" ? [{ symbol: extent, axis, input }] : [])),
  );
}

/** `past_sequence_length + sequence_length` is the sum of its parts. */
function extentByName(symbol: string, hasPast: boolean): number | undefined {
  const parts = symbol.split("+").map((part) => part.trim());
  if (parts.length === 1) return NAMES.find(([name]) => name.test(symbol))?.[1](hasPast);
  const extents = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : extentByName(part, hasPast)));
  return extents.reduce<number | undefined>((sum, extent) => (sum === undefined || extent === undefined ? undefined : sum + extent), 0);
}

/** A first axis is the batch; the second one of ids, or of vectors of known length, is a sequence. */
function extentByPlace({ type: { dtype, shape = [] } }: ModelInput, axis: number): number | undefined {
  if (axis === 0) return 1;
  const isIds = shape.length === 2 && (dtype === "i64" || dtype === "i32");
  const isVectors = shape.length === 3 && typeof shape[2] === "number";
  return axis === 1 && (isIds || isVectors) ? SEQUENCE : undefined;
}
