import { type Attrs, type Dim, type InferContext, type OpDef, type OpInput, type TensorData, type TensorType } from "@vlm-export/ir";
import { checkAttributes } from "./attributes.js";
import { opExtent } from "./errors.js";
import { checkSizes, checkWork } from "./evaluate-limits.js";
import { type EvaluateCall, evaluateCall, type InferCall, inferCall } from "./op-call.js";
import { checkOperands } from "./operands.js";
import { type OperatorVersion, type ParameterSchema, pinnedForm } from "./schema.js";
import { integersOf, isSmallInteger } from "./small-tensor.js";

const MAX_ELEMENTS = 1024;

type Part = NonNullable<OpInput["quantizable"]>;

/** What one op's file says; the operator table adds parameters, element types and attribute defaults. */
export interface OpSpec extends Pick<OpDef, "name" | "doc" | "since" | "quant"> {
  readonly fixedRange?: readonly [min: number, max: number];
  /** By input: the part it plays when the node computes on integers; absent or undefined = never quantized. */
  readonly quantizable?: readonly (Part | undefined)[];
  infer(call: InferCall): readonly TensorType[];
  elements?(call: InferCall): readonly Dim[] | undefined;
  /** Runs after `infer` and only within the limits of evaluate-limits.ts. */
  evaluate?(call: EvaluateCall): readonly TensorData[];
  /** False when `evaluate` makes no new elements, so that operands may have any size. */
  readonly readsElements?: false;
  macs?(call: InferCall): number | undefined;
  weightAxes?(index: number, call: InferCall): { readonly channel: number; readonly reduce: number } | undefined;
}

/** An op of the ONNX default domain, in its form at {@link IR_OPSET}. */
export function onnxOp(spec: OpSpec): OpDef {
  let form: OperatorVersion | undefined;
  return defineOp(spec, () => (form ??= pinnedForm(spec.name, spec.since)));
}

/** An op whose form is given, and asked for when the op is used. Its `infer` checks operands and attributes against the form before the spec's rule runs. */
export function defineOp(spec: OpSpec, formOf: () => OperatorVersion): OpDef {
  const { name } = spec;
  const infer: OpDef["infer"] = (inputs, context) => {
    const form = formOf();
    checkOperands(name, form, inputs);
    checkAttributes(name, context.attrs, form.attributes);
    return checkedTypes(name, spec.infer(inferCall(name, form, inputs, context)));
  };
  let formalInputs: readonly OpInput[] | undefined;
  const typesOnly = (inputs: readonly (TensorType | null)[], attrs: Attrs) => inferCall(name, formOf(), inputs, contextWithoutData(attrs));
  return {
    name,
    doc: spec.doc,
    since: spec.since,
    quant: spec.quant,
    get inputs() {
      return (formalInputs ??= formOf().inputs.map((parameter, i) => inputOf(parameter, spec.quantizable?.[i])));
    },
    ...(spec.fixedRange && { fixedRange: spec.fixedRange }),
    infer,
    ...(spec.elements && {
      elements: (inputs: readonly (TensorType | null)[], context: InferContext) => {
        const elements = spec.elements?.(inferCall(name, formOf(), inputs, context));
        return elements && elements.length <= MAX_ELEMENTS && elements.every(isExact) ? elements : undefined;
      },
    }),
    ...(spec.evaluate && {
      evaluate: (inputs: readonly (TensorData | null)[], attrs: Attrs, outputCount: number) => {
        const form = formOf();
        const context = contextOfData(inputs, attrs, outputCount);
        const types = infer(inputs, context);
        if (spec.readsElements !== false) checkSizes(name, inputs, types);
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

/** A number beyond the safe range stands for several integers. */
function isExact(element: Dim): boolean {
  return typeof element === "string" || Number.isSafeInteger(element);
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
