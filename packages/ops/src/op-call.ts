import type { Attrs, Dim, DType, InferContext, TensorData, TensorType } from "@vlm-export/ir";
import { type AttributeReader, attributeReader } from "./attributes.js";
import { opInputMissing, opNotEvaluated } from "./errors.js";
import { parameterAt } from "./operands.js";
import type { OperatorVersion } from "./schema.js";

/** The type of a value of which nothing is known. */
export const UNKNOWN: TensorType = { dtype: "unknown", shape: undefined };

/** Shape of unknown or known extents; undefined = unknown rank. */
export type Shape = readonly Dim[] | undefined;

/** What a shape rule sees of one node: operands and attributes, already checked against the schema. */
export interface InferCall extends AttributeReader {
  readonly inputs: readonly (TensorType | null)[];
  readonly outputCount: number;
  /** Whether input `index` is given. */
  given(index: number): boolean;
  /** Element type of input `index`; `unknown` when absent. */
  dtype(index: number): DType;
  /** Shape of input `index`; undefined when absent or of unknown rank. */
  shape(index: number): Shape;
  constant(index: number): TensorData | undefined;
  elements(index: number): readonly Dim[] | undefined;
  /** The elements of input `index` when all are numbers. */
  integers(index: number): readonly number[] | undefined;
  freshDim(): string;
  /** `rank` new symbols. */
  freshShape(rank: number): readonly Dim[];
}

/** What a reference evaluation sees of one node; `types` is what the shape rule says of its outputs. */
export interface EvaluateCall extends AttributeReader {
  readonly inputs: readonly (TensorData | null)[];
  readonly outputCount: number;
  readonly types: readonly TensorType[];
  /** Input `index`; throws VX-OP-INPUT-MISSING when absent. */
  data(index: number): TensorData;
  optional(index: number): TensorData | undefined;
  /** Element type and extents of output `index`; throws VX-OP-NOT-EVALUATED when the shape rule could not tell them. */
  output(index?: number): { readonly dtype: DType; readonly shape: readonly number[] };
}

/** The view of a node that its shape rule gets. */
export function inferCall(op: string, form: OperatorVersion, inputs: readonly (TensorType | null)[], context: InferContext): InferCall {
  const { attrs, int, float, text, numbers, has } = attributeReader(op, context.attrs, form.attributes);
  return {
    op,
    attrs,
    int,
    float,
    text,
    numbers,
    has,
    inputs,
    outputCount: context.outputCount,
    given: (index) => Boolean(inputs[index]),
    dtype: (index) => inputs[index]?.dtype ?? "unknown",
    shape: (index) => inputs[index]?.shape,
    constant: (index) => context.constant(index),
    elements: (index) => context.elements(index),
    integers: (index) => allNumbers(context.elements(index)),
    freshDim: () => context.freshDim(),
    freshShape: (rank) => Array.from({ length: rank }, () => context.freshDim()),
  };
}

/** What an evaluation needs besides the operands. */
export interface EvaluateOptions {
  readonly attrs: Attrs;
  readonly outputCount: number;
  readonly types: readonly TensorType[];
}

/** The view of a node that its reference evaluation gets. */
export function evaluateCall(
  op: string,
  form: OperatorVersion,
  inputs: readonly (TensorData | null)[],
  { attrs, outputCount, types }: EvaluateOptions,
): EvaluateCall {
  const { int, float, text, numbers, has } = attributeReader(op, attrs, form.attributes);
  return {
    op,
    attrs,
    int,
    float,
    text,
    numbers,
    has,
    inputs,
    outputCount,
    types,
    data(index) {
      const data = inputs[index];
      if (!data) throw opInputMissing(op, parameterAt(form.inputs, index)?.name ?? `${index}`);
      return data;
    },
    optional: (index) => inputs[index] ?? undefined,
    output(index = 0) {
      const { dtype, shape } = types[index] ?? UNKNOWN;
      const numbers = allNumbers(shape);
      if (!numbers || dtype === "unknown") throw opNotEvaluated(op, `an output ${index} of unknown type`);
      return { dtype, shape: numbers };
    },
  };
}

function allNumbers(dims: readonly Dim[] | undefined): readonly number[] | undefined {
  return dims?.every((dim) => typeof dim === "number") ? (dims as readonly number[]) : undefined;
}
