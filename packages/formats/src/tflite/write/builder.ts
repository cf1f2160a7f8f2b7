import { Builder, type Offset } from "flatbuffers";

/** One field of a table: its id in the schema and how it is stored. A scalar equal to `fallback` (default 0) is left out, as the format asks. */
export type Field =
  | { readonly id: number; readonly as: "i8" | "i32" | "f32"; readonly value: number; readonly fallback?: number }
  | { readonly id: number; readonly as: "bool"; readonly value: boolean; readonly fallback?: boolean }
  | { readonly id: number; readonly as: "u64"; readonly value: number }
  | { readonly id: number; readonly as: "offset"; readonly value: Offset };

/** Writes a table. Strings, vectors and tables that it refers to must be written before. */
export function writeTable(builder: Builder, fields: readonly Field[]): Offset {
  builder.startObject(fields.reduce((size, field) => Math.max(size, field.id + 1), 0));
  for (const field of fields) writeField(builder, field);
  return builder.endObject();
}

function writeField(builder: Builder, field: Field): void {
  switch (field.as) {
    case "i8":
      return builder.addFieldInt8(field.id, field.value, field.fallback ?? 0);
    case "i32":
      return builder.addFieldInt32(field.id, field.value, field.fallback ?? 0);
    case "f32":
      return builder.addFieldFloat32(field.id, field.value, field.fallback ?? 0);
    case "bool":
      return builder.addFieldInt8(field.id, Number(field.value), Number(field.fallback ?? false));
    case "u64":
      return builder.addFieldInt64(field.id, BigInt(field.value), 0n);
    case "offset":
      return builder.addFieldOffset(field.id, field.value, 0);
  }
}

const widths = { i32: 4, f32: 4, i64: 8, offset: 4 } as const;

/** Writes a vector of scalars or of offsets written before. */
export function writeVector(builder: Builder, as: keyof typeof widths, values: readonly number[]): Offset {
  builder.startVector(widths[as], values.length, widths[as]);
  for (let i = values.length - 1; i >= 0; i -= 1) addElement(builder, as, values[i] ?? 0);
  return builder.endVector();
}

function addElement(builder: Builder, as: keyof typeof widths, value: number): void {
  if (as === "i32") builder.addInt32(value);
  else if (as === "f32") builder.addFloat32(value);
  else if (as === "i64") builder.addInt64(BigInt(value));
  else builder.addOffset(value);
}

/** Writes a byte vector whose first byte lies on a multiple of `alignment` from the end of the flatbuffer. */
export function writeBytes(builder: Builder, bytes: Uint8Array, alignment: number): Offset {
  builder.startVector(1, bytes.length, alignment);
  for (let i = bytes.length - 1; i >= 0; i -= 1) builder.addInt8(bytes[i] ?? 0);
  return builder.endVector();
}

/** An offset field, left out where there is nothing to refer to. */
export function reference(id: number, value: Offset | undefined): readonly Field[] {
  return value === undefined ? [] : [{ id, as: "offset", value }];
}
