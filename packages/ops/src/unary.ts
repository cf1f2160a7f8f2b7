import type { OpDef, TensorData } from "@vlm-export/ir";
import type { AttributeReader } from "./attributes.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import type { EvaluateCall } from "./op-call.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";

/** An op y = f(x) on each element, output typed like the input. */
export interface UnarySpec extends Pick<OpSpec, "name" | "doc" | "since" | "fixedRange"> {
  /** f on real numbers; attributes are read once. */
  readonly real: (call: AttributeReader) => (x: number) => number;
  /** f on integer types, exact. Absent = the op takes no integers, or `real` is exact for them. */
  readonly integer?: (call: AttributeReader) => (x: bigint) => bigint;
  /** Default: the input is an activation and the output has its own qparams. */
  readonly quant?: OpSpec["quant"];
}

/** Makes an op of one operand. */
export function unaryOp(spec: UnarySpec): OpDef {
  return onnxOp(unarySpec(spec));
}

/** What {@link unaryOp} makes of it, for an op that is not in the operator table. */
export function unarySpec(spec: UnarySpec): OpSpec {
  const { name, doc, since, fixedRange, quant = "compute" } = spec;
  return {
    name,
    doc,
    since,
    quant,
    ...(fixedRange && { fixedRange }),
    ...(quant === "compute" && { quantizable: ["activation"] as const }),
    infer: (call) => [{ dtype: call.dtype(0), shape: call.shape(0) }],
    evaluate: (call) => [mapElements(call, spec)],
  };
}

function mapElements(call: EvaluateCall, { real, integer }: Pick<UnarySpec, "real" | "integer">): TensorData {
  const data = call.data(0);
  if (integer && isIntegerType(data.dtype)) return tensorOfBigints(data.dtype, data.shape, Array.from(bigintsOf(data), integer(call)));
  const f = real(call);
  return tensorOf(
    data.dtype,
    data.shape,
    numbersOf(data).map((x) => f(x)),
  );
}
