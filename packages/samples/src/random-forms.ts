import type { Graph, Value } from "@vlm-export/ir";
import { calRandom } from "./errors.js";
import { integerUses } from "./integer-uses.js";
import type { RandomForm } from "./random-samples.js";
import { symbolExtents } from "./symbol-extents.js";

const WIDE_INTEGERS: readonly string[] = ["i16", "u16", "i32", "u32", "i64", "u64"];

/**
 * Forms of random data that the graph can take: small extents for symbols (batch 1, a short sequence), integers inside the tables that
 * they index, masks of ones, positions in order. `fixed` gives shapes by input that an artifact takes. Throws VX-CAL-RANDOM for an input
 * of which no sound form is known.
 */
export function randomForms(graph: Graph, fixed?: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, RandomForm> {
  const extents = symbolExtents(graph.inputs, fixed);
  return new Map(graph.inputs.map((input) => [input.name, { shape: shapeOf(input, extents), values: valuesOf(graph, input, extents) }]));
}

function shapeOf({ name, type }: Value, extents: ReadonlyMap<string, number>): readonly number[] {
  if (!type.shape) throw calRandom(name, "random data needs a known rank");
  return type.shape.map((extent) => {
    const known = typeof extent === "number" ? extent : extents.get(extent);
    if (known === undefined) throw calRandom(name, `no extent is known that would be sound for ${JSON.stringify(extent)}`);
    return known;
  });
}

function valuesOf(graph: Graph, input: Value, extents: ReadonlyMap<string, number>): RandomForm["values"] {
  const { name, type } = input;
  if (/mask/i.test(name)) return { kind: "ones" };
  if (!WIDE_INTEGERS.includes(type.dtype)) return { kind: "any" };
  const { rows, areSizes } = integerUses(graph, input);
  if (areSizes) throw calRandom(name, "it states extents or places inside the model, for which random numbers are not sound");
  if (/pos(?:ition)?(?:_?ids?|s)?\b|position/i.test(name)) return { kind: "positions", start: pastOf(extents), count: rows };
  return { kind: "indices", count: rows ?? 2 };
}

/** Tokens that lie before the given ones. */
function pastOf(extents: ReadonlyMap<string, number>): number {
  return [...extents].find(([symbol]) => /past|cache/i.test(symbol) && !symbol.includes("+"))?.[1] ?? 0;
}
