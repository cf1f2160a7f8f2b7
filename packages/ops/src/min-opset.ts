import type { Attrs, AttrValue, DType, Node, OpName } from "@vlm-export/ir";
import { parameterAt } from "./operands.js";
import { OPS_BY_NAME } from "./registry.js";
import { type AttributeSchema, IR_OPSET, type OperatorVersion, operatorAt, operatorVersions, type ParameterSchema } from "./schema.js";

/** What of a node decides which opsets can carry it. Absent operands are null; unknown element types fit everywhere. */
export interface NodeForm {
  readonly op: OpName;
  readonly attrs: Attrs;
  readonly inputs: readonly (DType | null)[];
  readonly outputs: readonly (DType | null)[];
}

/** The lowest opset of the ONNX default domain that can carry the node as it is; 1 for ops of other domains. */
export function minOpsetOf(node: Node): number {
  const dtypes = (values: Node["inputs"]): readonly (DType | null)[] => values.map((value) => value && value.type.dtype);
  return minOpsetOfForm({ op: node.op, attrs: node.attrs, inputs: dtypes(node.inputs), outputs: dtypes(node.outputs) });
}

/**
 * Like {@link minOpsetOf}, for element types other than those in the graph (storage types in Q/DQ nodes). Attributes that hold their
 * default count as absent; see {@link attributesAt}. A form that no opset carries gets the newest version's opset.
 */
export function minOpsetOfForm(form: NodeForm): number {
  const versions = operatorVersions(form.op).filter((version) => !version.deprecated);
  const floor = Math.max(OPS_BY_NAME.get(form.op)?.since ?? 1, valueSince(form));
  const holding = versions.findLast((version) => version.since <= floor);
  const candidates = versions.filter((version) => version.since > floor || version === holding);
  const carrier = candidates.find((version) => carries(version, form)) ?? versions.at(-1);
  return carrier ? Math.max(carrier.since, floor) : 1;
}

/** The attributes to write at `opset`: without those that its version lacks and that hold their default. */
export function attributesAt(op: OpName, attrs: Attrs, opset: number): Attrs {
  const known = operatorAt(op, opset)?.attributes;
  const pinned = operatorAt(op, IR_OPSET)?.attributes;
  if (!known || !pinned) return attrs;
  const kept = Object.entries(attrs).filter(([name, value]) => known.has(name) || !isDefault(pinned.get(name), value));
  return Object.assign(Object.create(null) as Attrs, Object.fromEntries(kept));
}

function isDefault(schema: AttributeSchema | undefined, value: AttrValue): boolean {
  const { fallback } = schema ?? {};
  if (typeof fallback === "number") return Math.fround(Number(value)) === Math.fround(fallback);
  return fallback !== undefined && JSON.stringify(fallback) === JSON.stringify(value);
}

function carries(version: OperatorVersion, { op, attrs, inputs, outputs }: NodeForm): boolean {
  const pinned = operatorAt(op, IR_OPSET)?.attributes;
  const attributesFit = Object.entries(attrs).every(([name, value]) => version.attributes.has(name) || isDefault(pinned?.get(name), value));
  const given = inputs.slice(0, inputs.findLastIndex((input) => input !== null) + 1);
  const [min, max] = version.inputCount;
  if (!attributesFit || given.length < min || given.length > max || outputs.length > version.outputCount[1]) return false;
  const bound = new Map<string, DType>();
  const fits =
    (parameters: readonly ParameterSchema[]) =>
    (dtype: DType | null, index: number): boolean =>
      typeFits(version, bound, parameterAt(parameters, index), dtype);
  return given.every(fits(version.inputs)) && outputs.every(fits(version.outputs));
}

function typeFits(
  version: OperatorVersion,
  bound: Map<string, DType>,
  parameter: ParameterSchema | undefined,
  dtype: DType | null,
): boolean {
  if (dtype === null) return parameter?.optional ?? true;
  if (!parameter || dtype === "unknown") return true;
  const before = parameter.heterogeneous ? undefined : bound.get(parameter.type);
  bound.set(parameter.type, dtype);
  const allowed = version.types.get(parameter.type);
  return (before === undefined || before === dtype) && (!allowed || allowed.size === 0 || allowed.has(dtype));
}

/** First opset that knows a value of an attribute which itself is older, by op. */
const VALUE_RULES: ReadonlyMap<OpName, (attrs: Attrs) => number> = new Map<OpName, (attrs: Attrs) => number>([
  ["ArgMax", negativeAxisSince],
  ["ArgMin", negativeAxisSince],
  ["Attention", (attrs) => (Number(attrs["softcap"] ?? 0) !== 0 || [1, 2].includes(Number(attrs["qk_matmul_output_mode"] ?? 0)) ? 24 : 1)],
  ["Concat", negativeAxisSince],
  ["Flatten", negativeAxisSince],
  ["Gather", negativeAxisSince],
  ["Pad", (attrs) => (attrs["mode"] === "wrap" ? 19 : 1)],
  ["Resize", (attrs) => (attrs["coordinate_transformation_mode"] === "half_pixel_symmetric" ? 19 : 1)],
  ["ScatterElements", (attrs) => reductionSince(attrs["reduction"])],
  ["ScatterND", (attrs) => reductionSince(attrs["reduction"])],
]);

/** Axes that count from the end came to older ops with opset 11. */
function negativeAxisSince(attrs: Attrs): number {
  return Number(attrs["axis"] ?? 0) < 0 ? 11 : 1;
}

function reductionSince(reduction: AttrValue | undefined): number {
  return reduction === "min" || reduction === "max" ? 18 : 1;
}

function valueSince({ op, attrs }: NodeForm): number {
  return VALUE_RULES.get(op)?.(attrs) ?? 1;
}
