import { type OnnxAttribute, intAttribute, intsAttribute } from "@vlm-export/formats/onnx";
import { f32Tensor, i64Tensor, type DType } from "@vlm-export/ir";
import { lowerStorage } from "../errors.js";
import type { GraphWriter } from "../graph-writer.js";
import { castTo, type QuantizedValue } from "./pair.js";

/** Storage types that dynamic quantization makes. */
const STORAGES: ReadonlySet<DType> = new Set<DType>(["u8", "i8", "u16", "i16"]);

/**
 * Adds dynamic quantization and dequantization of `input`, with the result `output`.
 *
 * u8 with one scale: DynamicQuantizeLinear and DequantizeLinear. All else is written out, in f32, with integers as whole numbers
 * that pass through a Cast to the storage type and back, so that they are exactly the integers of the formulas:
 * - signed: scale = max|x| / qmax; q = clip(round(x / scale), qmin, qmax); y = scale · q.
 * - unsigned: scale = (max(x, 0) − min(x, 0)) / qmax; z = round(−min(x, 0) / scale); q = clip(round(x / scale) + z, 0, qmax);
 *   y = scale · (q − z).
 * A range of zero gets scale 1. round is half to even. Per-token ranges run over the last axis.
 */
export function addDynamic(value: QuantizedValue, input: string, output: string, writer: GraphWriter): void {
  const { name, spec, type } = value;
  if (!STORAGES.has(spec.storage)) throw lowerStorage(name, spec.storage, "dynamic");
  const half = type.dtype !== "f32";
  const x = half ? writer.node("Cast", [input], [writer.names.value(`${name}_widened`)], { attributes: [castTo("f32")] }) : input;
  const result = half ? writer.names.value(`${name}_wide`) : output;
  const whole = spec.range[0] === 0 && spec.range[1] === 255;
  if (spec.storage === "u8" && spec.granularity === "tensor" && whole) addOperator(name, x, result, writer);
  else addFormula({ ...value, name }, x, result, writer);
  if (half) writer.node("Cast", [result], [output], { attributes: [castTo(type.dtype)] });
}

function addOperator(name: string, input: string, output: string, writer: GraphWriter): void {
  const outputs = ["quantized", "scale", "zero_point"].map((part) => writer.names.value(`${name}_${part}`));
  writer.node("DynamicQuantizeLinear", [input], outputs, { base: `${name}_DynamicQuantizeLinear` });
  writer.node("DequantizeLinear", outputs, [output], { base: `${name}_DequantizeLinear` });
}

function addFormula(value: QuantizedValue, input: string, output: string, writer: GraphWriter): void {
  const { name, spec } = value;
  const op = (opType: string, inputs: readonly string[], part: string, attributes: readonly OnnxAttribute[] = []): string =>
    writer.node(opType, inputs, [writer.names.value(`${name}_${part}`)], { attributes });
  const constant = (part: string, number: number): string => writer.initializer(`${name}_${part}`, f32Tensor([number], []));
  const [qmin, qmax] = spec.range;
  const steps = { one: constant("one", 1), zero: constant("zero", 0), qmin: constant("qmin", qmin), qmax: constant("qmax", qmax) };
  const reduce = reductionOf(value, writer);
  const low = (x: string): string => op("Min", [reduce("ReduceMin", x, "min"), steps.zero], "low");
  const high = (x: string): string => op("Max", [reduce("ReduceMax", x, "max"), steps.zero], "high");
  const symmetric = qmin < 0;
  const least = symmetric ? undefined : low(input);
  const extent = least === undefined ? reduce("ReduceMax", op("Abs", [input], "abs"), "max") : op("Sub", [high(input), least], "extent");
  const step = op("Div", [extent, steps.qmax], "step");
  const scale = op("Where", [op("Equal", [step, steps.zero], "is_zero"), steps.one, step], "scale");
  const zeroPoint =
    least === undefined ? undefined : op("Round", [op("Div", [op("Neg", [least], "negated"), scale], "offset")], "zero_point");
  const rounded = op("Round", [op("Div", [input, scale], "scaled")], "rounded");
  const shifted = zeroPoint === undefined ? rounded : op("Add", [rounded, zeroPoint], "shifted");
  const clipped = op("Clip", [shifted, steps.qmin, steps.qmax], "clipped");
  const ints = op("Cast", [clipped], "quantized", [castTo(spec.storage)]);
  const wholes = op("Cast", [ints], "wholes", [castTo("f32")]);
  const centred = zeroPoint === undefined ? wholes : op("Sub", [wholes, zeroPoint], "centred");
  writer.node("Mul", [centred, scale], [output], { base: `${name}_Mul` });
}

type Reduce = (opType: "ReduceMin" | "ReduceMax", input: string, part: string) => string;

/** Adds a reduction over the whole value, or over its last axis for per-token ranges; `axes` is an input from opset 18 on. */
function reductionOf({ name, spec }: QuantizedValue, writer: GraphWriter): Reduce {
  const token = spec.granularity === "token";
  const axesInput = token && writer.opset >= 18 ? [writer.initializer(`${name}_axes`, i64Tensor([-1]))] : [];
  const attributes = token && writer.opset < 18 ? [intsAttribute("axes", [-1])] : [];
  return (opType, input, part) =>
    writer.node(opType, [input, ...axesInput], [writer.names.value(`${name}_${part}`)], {
      attributes: [intAttribute("keepdims", 1), ...attributes],
    });
}
