import type { Attrs, Dim, InferContext, OpDef, OpInput, TensorData, TensorType } from "@vlm-export/ir";
import { checkAttributes } from "./attributes.js";
import { opExtent, opTooLarge, opTooMuchWork } from "./errors.js";
import { type EvaluateCall, evaluateCall, type InferCall, inferCall } from "./op-call.js";
import { checkOperands } from "./operands.js";
import { type OperatorVersion, type ParameterSchema, pinnedForm } from "./schema.js";
import { integersOf, isSmallInteger } from "./small-tensor.js";

/** Most elements of an operand or result of a reference evaluation. */
export const MAX_EVALUATED_ELEMENTS: number = 2 ** 26;
/** Most multiply-accumulates of a reference evaluation. */
export const MAX_EVALUATED_MACS: number = 2 ** 28;
const MAX_ELEMENTS = 1024;

type Part = NonNullable<OpInput["quantizable"]>;

/** What one op's file says; the operator table adds parameters, element types and attribute defaults. */
export interface OpSpec extends Pick<OpDef, "name" | "doc" | "since" | "quant"> {
  readonly fixedRange?: readonly [min: number, max: number];
  /** By input: the part it plays when the node computes on integers; absent or undefined = never quantized. */
  readonly quantizable?: readonly (Part | undefined)[];
  infer(call: InferCall): readonly TensorType[];
  elements?(call: InferCall): readonly Dim[] | undefined;
  /**
   * The wrapper has run `infer`, and refuses operands and results beyond {@link MAX_EVALUATED_ELEMENTS} and work beyond
   * {@link MAX_EVALUATED_MACS}.
   */
  evaluate?(call: EvaluateCall): readonly TensorData[];
  /** False when `evaluate` looks at shapes only, so that operands may have any size. */
  readonly readsElements?: false;
  macs?(call: InferCall): number | undefined;
  weightAxes?(index: number, call: InferCall): { readonly channel: number; readonly reduce: number } | undefined;
}

/** An op of the ONNX default domain, in its form at {@link IR_OPSET}. */
export function onnxOp(spec: OpSpec): OpDef {
  return defineOp(spec, pinnedForm(spec.name, spec.since));
}

/** An op whose form is given. Its `infer` checks operands and attributes against the form before the spec's rule runs. */
export function defineOp(spec: OpSpec, form: OperatorVersion): OpDef {
  const { name } = spec;
  const infer: OpDef["infer"] = (inputs, context) => {
    checkOperands(name, form, inputs);
    checkAttributes(name, context.attrs, form.attributes);
    return checkedTypes(name, spec.infer(inferCall(name, form, inputs, context)));
  };
  const typesOnly = (inputs: readonly (TensorType | null)[], attrs: Attrs) => inferCall(name, form, inputs, contextWithoutData(attrs));
  return {
    name,
    doc: spec.doc,
    since: spec.since,
    quant: spec.quant,
    inputs: form.inputs.map((parameter, i) => inputOf(parameter, spec.quantizable?.[i])),
    ...(spec.fixedRange && { fixedRange: spec.fixedRange }),
    infer,
    ...(spec.elements && {
      elements: (inputs: readonly (TensorType | null)[], context: InferContext) => {
        const elements = spec.elements?.(inferCall(name, form, inputs, context));
        return elements && elements.length <= MAX_ELEMENTS ? elements : undefined;
      },
    }),
    ...(spec.evaluate && {
      evaluate: (inputs: readonly (TensorData | null)[], attrs: Attrs, outputCount: number) => {
        const context = contextOfData(inputs, attrs, outputCount);
        const types = infer(inputs, context);
        checkSize(name, spec.readsElements === false ? [] : inputs);
        checkSize(name, types);
        checkWork(name, spec.macs?.(inferCall(name, form, inputs, context)));
        return spec.evaluate?.(evaluateCall(name, form, inputs, { attrs, outputCount, types })) ?? [];
      },
    }),
    ...(spec.macs && {
      macs: (inputs: readonly (TensorType | null)[], attrs: Attrs) => spec.macs?.(typesOnly(inputs, attrs)),
    }),
    ...(spec.weightAxes && {
      weightAxes: (index: number, inputs: readonly (TensorType | null)[], attrs: Attrs) =>
        spec.weightAxes?.(index, typesOnly(inputs, attrs)),
    }),
  };
}

function inputOf(parameter: ParameterSchema, part: Part | undefined): OpInput {
  return {
    name: parameter.name,
    ...(parameter.optional && { optional: true }),
    ...(parameter.variadic && { variadic: true }),
    ...(part && { quantizable: part }),
  };
}

function contextWithoutData(attrs: Attrs): InferContext {
  return { attrs, outputCount: 1, constant: () => undefined, elements: () => undefined, freshDim: () => "?" };
}

function contextOfData(inputs: readonly (TensorData | null)[], attrs: Attrs, outputCount: number): InferContext {
  let symbols = 0;
  return {
    attrs,
    outputCount,
    constant: (index) => inputs[index] ?? undefined,
    elements: (index) => {
      const data = inputs[index];
      return data && isSmallInteger(data, MAX_ELEMENTS) ? integersOf(data) : undefined;
    },
    freshDim: () => `?${symbols++}`,
  };
}

/** The types themselves; throws VX-OP-EXTENT when an extent is no count. */
function checkedTypes(op: string, types: readonly TensorType[]): readonly TensorType[] {
  for (const { shape } of types) {
    for (const extent of shape ?? []) {
      if (typeof extent === "number" && (!Number.isSafeInteger(extent) || extent < 0))
        throw opExtent(op, "an output extent", extent, "a count of at least 0");
    }
  }
  return types;
}

function checkWork(op: string, macs: number | undefined): void {
  if (macs !== undefined && macs > MAX_EVALUATED_MACS) throw opTooMuchWork(op, macs, MAX_EVALUATED_MACS);
}

function checkSize(op: string, tensors: readonly (Pick<TensorType, "shape"> | null)[]): void {
  for (const tensor of tensors) {
    const shape = tensor?.shape;
    if (!shape?.every((extent) => typeof extent === "number")) continue;
    if (shape.reduce((product, extent) => product * extent, 1) > MAX_EVALUATED_ELEMENTS)
      throw opTooLarge(op, shape, MAX_EVALUATED_ELEMENTS);
  }
}
