import type { Builder, Offset } from "flatbuffers";
import type { TfliteOptionKind, TfliteOptions } from "../options.js";
import { emitTfliteModel } from "../errors.js";
import { reference, writeTable, writeVector, type Field } from "./builder.js";
import { activationCodes, mirrorModeCodes, paddingCodes, typeCodes, weightsFormatCodes } from "./codes.js";
import { optionTables, type OptionField, type OptionStorage } from "./option-tables.js";

const enums: Readonly<Partial<Record<OptionStorage, Readonly<Record<string, number>>>>> = {
  activation: activationCodes,
  padding: paddingCodes,
  type: typeCodes,
  weightsFormat: weightsFormatCodes,
  mirrorMode: mirrorModeCodes,
};

/** An option table in the flatbuffer and its number in the BuiltinOptions union. */
export interface WrittenOptions {
  readonly code: number;
  readonly offset: Offset;
}

/** Writes an operator's option table. Throws VX-EMIT-TFLITE-MODEL at a table or field outside the schema. */
export function writeOptions(builder: Builder, options: TfliteOptions): WrittenOptions {
  if (options.kind === "Opaque") throw emitTfliteModel(`options ${options.code} were read without their fields and cannot be written`);
  const table = tableOf(options.kind);
  const values = new Map<string, unknown>(Object.entries(options));
  const fields = Object.entries<OptionField>(table.fields).flatMap(([name, field]) =>
    fieldOf(builder, `${options.kind}.${name}`, field, values.get(name)),
  );
  return { code: table.code, offset: writeTable(builder, fields) };
}

function tableOf(kind: TfliteOptionKind) {
  const table = Object.hasOwn(optionTables, kind) ? optionTables[kind] : undefined;
  if (!table) throw emitTfliteModel(`unknown option table ${kind}`);
  return table;
}

function fieldOf(builder: Builder, name: string, [id, storage, fallback]: OptionField, value: unknown): readonly Field[] {
  if (storage === "i32s" && isIntegers(value)) return reference(id, value.length > 0 ? writeVector(builder, "i32", value) : undefined);
  if (storage === "bool" && typeof value === "boolean") return [{ id, as: "bool", value, fallback: fallback === true }];
  if (storage === "f32" && typeof value === "number") return [{ id, as: "f32", value }];
  if (storage === "i32" && isInteger(value)) return [{ id, as: "i32", value, fallback: Number(fallback ?? 0) }];
  return [{ id, as: "i8", value: codeOf(name, storage, value) }];
}

function codeOf(name: string, storage: OptionStorage, value: unknown): number {
  const code = typeof value === "string" ? new Map(Object.entries(enums[storage] ?? {})).get(value) : undefined;
  if (code === undefined) throw emitTfliteModel(`${name} = ${String(value)} is not a ${storage}`);
  return code;
}

function isInteger(value: unknown): value is number {
  return Number.isInteger(value);
}

function isIntegers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every(isInteger);
}
