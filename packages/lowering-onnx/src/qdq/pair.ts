import { intAttribute, onnxDataTypeOf, type OnnxAttribute } from "@vlm-export/formats/onnx";
import { type QuantSpec, type TensorData, type TensorType, widenedTensor } from "@vlm-export/ir";
import type { GraphWriter } from "../graph-writer.js";
import { scaleOf, zeroPointOf } from "./qparams.js";
import { type ScaleLayout, scaleLayoutOf } from "./scale-layout.js";

/** Where the parts of a quantized value lie in the artifact. */
export interface QuantizedNames {
  /** Initializer of the integers; undefined for an activation. */
  readonly ints: string | undefined;
  /** Initializers of the same integers in other graphs, each with qparams of its own. */
  readonly copies: readonly string[];
  readonly scale: string;
  /** Undefined when the artifact has no zero point, which means 0. */
  readonly zeroPoint: string | undefined;
  readonly layout: ScaleLayout;
}

/** A value whose Q/DQ operators are written. */
export interface QuantizedValue {
  readonly name: string;
  readonly type: TensorType;
  readonly spec: QuantSpec;
}

/** Names of the qparams of a value in one graph. */
export type QparamNames = Omit<QuantizedNames, "ints" | "copies">;

/** The qparams of a value as they are written. */
export interface Qparams {
  readonly scale: TensorData;
  readonly zeroPoint: TensorData | undefined;
  readonly layout: ScaleLayout;
}

/** `zeroPoint` false leaves an absent one out. */
export function qparamsOf({ name, type, spec }: QuantizedValue, zeroPoint: boolean): Qparams {
  const given = scaleOf(name, spec);
  const scale = scaleFor(type, given);
  const isWritten = spec.storage !== "i32" && (zeroPoint || spec.zeroPoint !== undefined);
  return { scale, zeroPoint: isWritten ? zeroPointOf(spec, given) : undefined, layout: scaleLayoutOf(name, type, scale) };
}

/** Adds the qparams of a value as initializers `<name>_scale` and `<name>_zero_point`. */
export function addQparams(name: string, { scale, zeroPoint, layout }: Qparams, writer: GraphWriter): QparamNames {
  const scaleName = writer.initializer(`${name}_scale`, scale, layout.dims);
  return { scale: scaleName, zeroPoint: zeroPoint && writer.initializer(`${name}_zero_point`, zeroPoint, layout.dims), layout };
}

/** The scale in the value's own type where it has one already, else in f32: Q/DQ compute in the type of the scale. */
function scaleFor({ dtype }: TensorType, scale: TensorData): TensorData {
  return scale.dtype === dtype || scale.dtype === "f32" ? scale : widenedTensor(scale);
}

/** Adds QuantizeLinear of `input`; returns the name of the integers, `<name>_quantized`. */
export function addQuantize(value: QuantizedValue, input: string, names: QparamNames, writer: GraphWriter): string {
  const { name, type, spec } = value;
  const x = castIfOther(input, type.dtype, computeType(type, spec), { base: `${name}_widened`, writer });
  const inputs = [x, names.scale, ...(names.zeroPoint === undefined ? [] : [names.zeroPoint])];
  return writer.node("QuantizeLinear", inputs, [writer.names.value(`${name}_quantized`)], {
    base: `${name}_QuantizeLinear`,
    attributes: layoutAttributes(names.layout),
  });
}

/** Adds DequantizeLinear of the integers `ints` with the result `output`. */
export function addDequantize(
  value: QuantizedValue,
  ints: string,
  output: string,
  { names, writer }: { names: QparamNames; writer: GraphWriter },
): void {
  const { name, type, spec } = value;
  const compute = computeType(type, spec);
  const narrow = compute !== type.dtype;
  const inputs = [ints, names.scale, ...(names.zeroPoint === undefined ? [] : [names.zeroPoint])];
  const result = narrow ? writer.names.value(`${name}_wide`) : output;
  writer.node("DequantizeLinear", inputs, [result], { base: `${name}_DequantizeLinear`, attributes: layoutAttributes(names.layout) });
  if (narrow) writer.node("Cast", [result], [output], { base: `${name}_narrow`, attributes: [castTo(type.dtype)] });
}

/** Type in which Q/DQ of this value compute: that of the scale as written. */
function computeType(type: TensorType, spec: QuantSpec): string {
  return spec.scale?.dtype === type.dtype ? type.dtype : "f32";
}

function castIfOther(input: string, from: string, to: string, { base, writer }: { base: string; writer: GraphWriter }): string {
  if (from === to) return input;
  return writer.node("Cast", [input], [writer.names.value(base)], { attributes: [castTo(to)] });
}

/** The attribute `to` of a Cast. */
export function castTo(dtype: string): OnnxAttribute {
  return intAttribute("to", onnxDataTypeOf(dtype)?.code ?? 1);
}

function layoutAttributes(layout: ScaleLayout): readonly OnnxAttribute[] {
  if (layout.kind === "tensor") return [];
  const axis = intAttribute("axis", layout.axis);
  return layout.kind === "channel" ? [axis] : [axis, intAttribute("block_size", layout.blockSize)];
}
