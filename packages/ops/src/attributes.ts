import type { Attrs, AttrValue } from "@vlm-export/ir";
import { opAttribute, opAttributeMissing, opAttributeUnknown } from "./errors.js";
import type { AttributeKind, AttributeSchema } from "./schema.js";

/** Typed reading of a node's attributes, with the defaults of its schema. Floats are f32 values. */
export interface AttributeReader {
  readonly op: string;
  readonly attrs: Attrs;
  /** An integer; the schema's default, then `fallback`. A bigint becomes the nearest number. */
  int(name: string, fallback?: number): number;
  float(name: string, fallback?: number): number;
  text(name: string, fallback?: string): string;
  /** A list of numbers, undefined when absent and without default. */
  numbers(name: string): readonly number[] | undefined;
  has(name: string): boolean;
}

/** Reads `attrs` with the defaults of `schemas`. The getters throw VX-OP-ATTRIBUTE-MISSING where neither they nor the caller give a value. */
export function attributeReader(op: string, attrs: Attrs, schemas: ReadonlyMap<string, AttributeSchema>): AttributeReader {
  const read = (name: string, fallback: number | string | undefined): AttrValue => {
    const value = attrs[name] ?? schemas.get(name)?.fallback ?? fallback;
    if (value === undefined) throw opAttributeMissing(op, name, schemas.get(name)?.kind ?? "any");
    return value;
  };
  return {
    op,
    attrs,
    int: (name, fallback) => Number(read(name, fallback)),
    float: (name, fallback) => Math.fround(Number(read(name, fallback))),
    text: (name, fallback) => String(read(name, fallback)),
    numbers: (name) => (attrs[name] ?? schemas.get(name)?.fallback) as readonly number[] | undefined,
    has: (name) => attrs[name] !== undefined,
  };
}

const isInt = (value: unknown): boolean => typeof value === "bigint" || Number.isInteger(value);
const isList = (value: unknown, holds: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(holds);
const isTensor = (value: unknown): boolean => typeof value === "object" && value !== null && "dtype" in value;
const isNumber = (value: unknown): boolean => typeof value === "number";
const isText = (value: unknown): boolean => typeof value === "string";

const KINDS: ReadonlyMap<AttributeKind, (value: unknown) => boolean> = new Map([
  ["int", (value) => isInt(value) || typeof value === "boolean"],
  ["float", isNumber],
  ["string", isText],
  ["ints", (value) => isList(value, isInt)],
  ["floats", (value) => isList(value, isNumber)],
  ["strings", (value) => isList(value, isText)],
  ["tensor", isTensor],
]);

function describe(value: AttrValue): string {
  if (typeof value === "bigint") return `${value}`;
  const text = typeof value === "object" && !Array.isArray(value) ? "an encoded value" : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** Throws VX-OP-ATTRIBUTE* unless every attribute is known and of its kind, and the required ones are there. */
export function checkAttributes(op: string, attrs: Attrs, schemas: ReadonlyMap<string, AttributeSchema>): void {
  for (const [name, value] of Object.entries(attrs)) {
    const schema = schemas.get(name);
    if (!schema) throw opAttributeUnknown(op, name, [...schemas.keys()]);
    if (!KINDS.get(schema.kind)?.(value)) throw opAttribute(op, name, describe(value), `a value of kind ${schema.kind}`);
  }
  for (const [name, schema] of schemas) {
    if (schema.required && attrs[name] === undefined) throw opAttributeMissing(op, name, schema.kind);
  }
}
