import { decodeTfliteMalformed } from "../errors.js";
import type { TfliteOptions } from "../options.js";
import { activationNames, mirrorModeNames, paddingNames, typeNames, weightsFormatNames } from "./names.js";
import { optionLayouts } from "./option-layouts.js";
import type { Table } from "./table.js";

const enumNames: ReadonlyMap<string, readonly string[]> = new Map([
  ["activation", activationNames],
  ["padding", paddingNames],
  ["type", typeNames],
  ["weightsFormat", weightsFormatNames],
  ["mirrorMode", mirrorModeNames],
]);

/** The option table of an operator, found by its number in the BuiltinOptions union. Throws VX-DECODE-TFLITE-MALFORMED at an enum value outside the schema. */
export function readOptions(code: number, table: Table): TfliteOptions {
  const layout = optionLayouts[code - 1];
  if (!layout || layout[0] === "-") return { kind: "Opaque", union: 1, code };
  const options = new Map<string, unknown>([["kind", layout[0]]]);
  for (const [id, declaration] of layout[1].split(" ").entries()) {
    const [name = "", storage = "", fallback = "0"] = declaration.split(/[:=]/);
    if (storage !== "") options.set(name, readField(table, id, storage, Number(fallback)));
  }
  // The layout table names exactly the fields of this kind; a test reads back every kind that can be written.
  return Object.fromEntries(options) as unknown as TfliteOptions;
}

function readField(table: Table, id: number, storage: string, fallback: number): unknown {
  switch (storage) {
    case "int":
      return table.i32(id, fallback);
    case "float":
      return table.f32(id);
    case "bool":
      return table.bool(id, fallback !== 0);
    case "ints":
      return table.i32s(id);
    default:
      return nameOf(enumNames.get(storage) ?? [], table.i8(id), storage, table);
  }
}

/** The name of an enum value. Throws VX-DECODE-TFLITE-MALFORMED outside the enum. */
export function nameOf<T extends string>(names: readonly T[], code: number, what: string, table: Table): T {
  const name = names[code];
  if (name === undefined) throw decodeTfliteMalformed(`${what} ${code} is not one of 0..${names.length - 1}`, table.position);
  return name;
}
