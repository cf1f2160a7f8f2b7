import type { DType, TensorType } from "@vlm-export/ir";
import { opArity, opDtype, opDtypeMismatch, opInputMissing } from "./errors.js";
import type { OperatorVersion, ParameterSchema } from "./schema.js";

type Operand = TensorType | null;

/** The formal parameter that input `index` fills: the last one repeats when it is variadic. */
export function parameterAt(parameters: readonly ParameterSchema[], index: number): ParameterSchema | undefined {
  const last = parameters.at(-1);
  return index < parameters.length ? parameters[index] : last?.variadic ? last : undefined;
}

/** Throws VX-OP-* unless number, presence and element types of the inputs fit the form. Unknown element types fit always. */
export function checkOperands(op: string, form: OperatorVersion, inputs: readonly Operand[]): void {
  const [min, max] = form.inputCount;
  const count = inputs.findLastIndex((input) => input !== null) + 1;
  if (count < min || count > max) throw opArity(op, "inputs", count, form.inputCount);
  const bound = new Map<string, { readonly name: string; readonly dtype: DType }>();
  inputs.slice(0, count).forEach((input, index) => {
    const parameter = parameterAt(form.inputs, index);
    if (!parameter) return;
    if (!input) {
      if (!parameter.optional) throw opInputMissing(op, parameter.name);
      return;
    }
    checkDtype(op, form, parameter, input.dtype);
    if (input.dtype === "unknown" || parameter.heterogeneous) return;
    const first = bound.get(parameter.type);
    if (!first) bound.set(parameter.type, { name: parameter.name, dtype: input.dtype });
    else if (first.dtype !== input.dtype) throw opDtypeMismatch(op, `${first.name} (${first.dtype})`, `${parameter.name} (${input.dtype})`);
  });
}

function checkDtype(op: string, form: OperatorVersion, parameter: ParameterSchema, dtype: DType): void {
  const allowed = form.types.get(parameter.type);
  if (dtype !== "unknown" && allowed && allowed.size > 0 && !allowed.has(dtype)) throw opDtype(op, parameter.name, dtype, [...allowed]);
}
