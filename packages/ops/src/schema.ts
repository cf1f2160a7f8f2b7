import { readFileSync } from "node:fs";
import type { DType } from "@vlm-export/ir";

/** The opset of the ONNX default domain whose operator forms the IR uses. Importers upgrade older forms. */
export const IR_OPSET = 24;

/** Kinds of attributes, as ONNX names them. */
export type AttributeKind =
  | "int"
  | "float"
  | "string"
  | "ints"
  | "floats"
  | "strings"
  | "tensor"
  | "tensors"
  | "graph"
  | "graphs"
  | "sparse-tensor"
  | "sparse-tensors"
  | "type"
  | "types";

/** One attribute of an operator version; `fallback` is its default. */
export interface AttributeSchema {
  readonly kind: AttributeKind;
  readonly required: boolean;
  readonly fallback?: number | string | readonly number[] | readonly string[];
}

/** One formal input or output. */
export interface ParameterSchema {
  readonly name: string;
  /** Type variable; parameters with one variable have one element type. */
  readonly type: string;
  readonly optional: boolean;
  readonly variadic: boolean;
  /** Repetitions may differ in type. */
  readonly heterogeneous: boolean;
}

/** One version of one operator: valid from opset `since` until the next version. */
export interface OperatorVersion {
  readonly since: number;
  readonly deprecated: boolean;
  readonly inputs: readonly ParameterSchema[];
  readonly outputs: readonly ParameterSchema[];
  readonly inputCount: readonly [min: number, max: number];
  readonly outputCount: readonly [min: number, max: number];
  /** Element types that each type variable may be; sequence and optional types are left out. */
  readonly types: ReadonlyMap<string, ReadonlySet<DType>>;
  readonly attributes: ReadonlyMap<string, AttributeSchema>;
}

interface ParameterJson {
  name: string;
  type: string;
  optional?: boolean;
  variadic?: boolean;
  heterogeneous?: boolean;
}
interface AttributeJson {
  type: AttributeKind;
  required?: boolean;
  default?: AttributeSchema["fallback"];
}
interface VersionJson {
  since: number;
  deprecated?: boolean;
  inputs: ParameterJson[];
  outputs: ParameterJson[];
  minInputs?: number;
  maxInputs?: number | null;
  minOutputs?: number;
  maxOutputs?: number | null;
  types: Record<string, number>;
  attrs?: Record<string, AttributeJson>;
}
interface TableJson {
  typeSets: string[][];
  ops: Record<string, VersionJson[]>;
}

const ONNX_NAMES: ReadonlyMap<string, DType> = new Map([
  ["f8e4m3fnuz", "f8e4m3uz"],
  ["f8e5m2fnuz", "f8e5m2uz"],
]);

function parameterOf(json: ParameterJson): ParameterSchema {
  return {
    name: json.name,
    type: json.type,
    optional: json.optional ?? false,
    variadic: json.variadic ?? false,
    heterogeneous: json.heterogeneous ?? false,
  };
}

function attributeOf(json: AttributeJson): AttributeSchema {
  return { kind: json.type, required: json.required ?? false, ...(json.default !== undefined && { fallback: json.default }) };
}

function countOf(listed: number, min: number | undefined, max: number | null | undefined): readonly [number, number] {
  return [min ?? listed, max === null ? Number.POSITIVE_INFINITY : (max ?? listed)];
}

function versionOf(json: VersionJson, typeSets: readonly ReadonlySet<DType>[]): OperatorVersion {
  return {
    since: json.since,
    deprecated: json.deprecated ?? false,
    inputs: json.inputs.map(parameterOf),
    outputs: json.outputs.map(parameterOf),
    inputCount: countOf(json.inputs.length, json.minInputs, json.maxInputs),
    outputCount: countOf(json.outputs.length, json.minOutputs, json.maxOutputs),
    types: new Map(Object.entries(json.types).map(([name, set]) => [name, typeSets[set] ?? new Set()])),
    attributes: new Map(Object.entries(json.attrs ?? {}).map(([name, attribute]) => [name, attributeOf(attribute)])),
  };
}

/** The operator table that lies beside the code (made from the public ONNX schemas by test/oracles/op-versions.py). */
const TABLE = JSON.parse(readFileSync(new URL("../data/op-versions.json", import.meta.url), "utf8")) as TableJson;
const ROWS: ReadonlyMap<string, readonly VersionJson[]> = new Map(Object.entries(TABLE.ops));
const TYPE_SETS: readonly ReadonlySet<DType>[] = TABLE.typeSets.map(
  (names) => new Set(names.map((name) => ONNX_NAMES.get(name) ?? (name as DType))),
);
/** What was asked for so far: a model uses few operators of the table. */
const known = new Map<string, readonly OperatorVersion[]>();

/** Every version of an operator of the ONNX default domain, oldest first; empty for an unknown name. */
export function operatorVersions(op: string): readonly OperatorVersion[] {
  const before = known.get(op);
  const row = ROWS.get(op);
  if (before || !row) return before ?? [];
  const versions = row.map((version) => versionOf(version, TYPE_SETS));
  known.set(op, versions);
  return versions;
}

/** The version that holds at `opset`, or undefined when the operator does not exist there or has ended. */
export function operatorAt(op: string, opset: number): OperatorVersion | undefined {
  const version = operatorVersions(op).findLast((candidate) => candidate.since <= opset);
  return version?.deprecated ? undefined : version;
}

/**
 * The pinned form of an operator with the element types of every version from `since` on, later ones than the pinned opset
 * included: an int2 weight is legal in the IR although only a later opset can carry it. Throws RangeError for an unknown name.
 */
export function pinnedForm(op: string, since: number): OperatorVersion {
  const pinned = operatorAt(op, IR_OPSET);
  if (!pinned) throw new RangeError(`${op} does not exist at opset ${IR_OPSET}`);
  const versions = operatorVersions(op).filter((version) => version.since >= since);
  const types = [...pinned.types.keys()].map((name): [string, ReadonlySet<DType>] => [
    name,
    new Set(versions.flatMap((version) => [...(version.types.get(name) ?? [])])),
  ]);
  return { ...pinned, types: new Map(types) };
}
