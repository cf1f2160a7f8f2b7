import { type Diagnostic, type Value, VxError } from "@vlm-export/ir";
import { recipeShapeName } from "./errors.js";
import type { Recipe, ShapeSetting } from "./recipe-types.js";
import { didYouMean } from "./suggest.js";

const MAX_NAMES = 8;
/** What symbols without a name in the source begin with. */
const UNNAMED = "?";

interface Known {
  readonly inputs: ReadonlyMap<string, Value>;
  readonly symbols: ReadonlySet<string>;
}

/**
 * Throws a VxError with VX-RECIPE-SHAPE for each name under `model.shapes` that is neither an input with a list of extents nor a symbol
 * in the shape of an input with one number.
 */
export function checkShapeNames(shapes: Recipe["model"]["shapes"], inputs: readonly Value[]): void {
  const symbols = inputs.flatMap(({ type: { shape = [] } }) => shape.filter((extent) => typeof extent === "string"));
  const known = { inputs: new Map(inputs.map((input) => [input.name, input])), symbols: new Set(symbols) };
  const findings = [...shapes].flatMap(([name, setting]) => findingOn(name, setting, known) ?? []);
  if (findings.length > 0) throw new VxError(findings);
}

function findingOn(name: string, { extents, place }: ShapeSetting, { inputs, symbols }: Known): Diagnostic | undefined {
  const isNumber = typeof extents === "number";
  const input = inputs.get(name);
  if (isNumber ? symbols.has(name) : input) return undefined;
  const word = JSON.stringify(name);
  const named = [...symbols].filter((symbol) => !symbol.startsWith(UNNAMED));
  if (input)
    return recipeShapeName(
      place,
      `model.shapes gives input ${word} the number ${extents}.`,
      `Write a list of all extents: ${formOf(input)}.`,
    );
  if (symbols.has(name)) return recipeShapeName(place, `model.shapes gives symbol ${word} a list.`, "Write one number.");
  return recipeShapeName(
    place,
    `model.shapes names ${word}, which is neither an input of the model nor a symbol in the shape of one.`,
    `${didYouMean(name, [...inputs.keys(), ...named])}Inputs: ${listed(inputs.keys())}; symbols: ${listed(named)}.`,
  );
}

function formOf({ name, type: { shape } }: Value): string {
  return shape ? `the model has [${shape.join(", ")}]` : `${name}: […]`;
}

function listed(names: Iterable<string>): string {
  const all = [...names];
  const rest = all.length - MAX_NAMES;
  return `${all.slice(0, MAX_NAMES).join(", ") || "none"}${rest > 0 ? ` and ${rest} more` : ""}`;
}
