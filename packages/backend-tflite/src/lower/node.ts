import { floatValues } from "@vlm-export/backend-api";
import { isFloat, type Node, type Value } from "@vlm-export/ir";
import { lowerUnsupported } from "../errors.js";
import { rowMajor } from "../layout.js";
import { indexValues } from "./constant-bytes.js";
import type { Form, Lowering } from "./lowering.js";
import { isIntegerActivation, quantizationOf, sameQuantization } from "./quantization.js";

/** Lowers one node. Throws VX-LOWER-TFLITE-UNSUPPORTED at a form of the op that has no TFLite kernel. */
export type LowerNode = (lowering: Lowering, node: Node) => void;

/** Operand `index`. Throws VX-LOWER-TFLITE-UNSUPPORTED when it is left out. */
export function inputOf(node: Node, index: number): Value {
  const value = node.inputs[index];
  if (!value) throw lowerUnsupported(node.name, `${node.op} without operand ${index}`);
  return value;
}

/** Result `index`. */
export function outputOf(node: Node, index = 0): Value {
  const value = node.outputs[index];
  if (!value) throw lowerUnsupported(node.name, `${node.op} without result ${index}`);
  return value;
}

/** A number attribute. */
export function numberAttr(node: Node, name: string, fallback: number): number {
  const value = node.attrs[name];
  return typeof value === "number" ? value : fallback;
}

/** A list of numbers. */
export function numbersAttr(node: Node, name: string): readonly number[] | undefined {
  const value = node.attrs[name];
  return Array.isArray(value) && value.every((item) => typeof item === "number") ? value : undefined;
}

/** A text attribute. */
export function textAttr(node: Node, name: string, fallback: string): string {
  const value = node.attrs[name];
  return typeof value === "string" ? value : fallback;
}

/** The non-negative form of an axis. */
export function axisIn(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** The numbers of a small integer tensor (shape, axes, starts) when all are known. */
export function elementsOf(value: Value | null | undefined): readonly number[] | undefined {
  if (!value) return undefined;
  if (value.elements?.every((element) => typeof element === "number")) return value.elements as readonly number[];
  const { data } = value;
  return data && (data.dtype === "i64" || data.dtype === "i32") ? indexValues(data) : undefined;
}

/** The numbers of operand `index`. Throws VX-LOWER-TFLITE-UNSUPPORTED when they are computed at run time. */
export function knownElements(node: Node, index: number): readonly number[] {
  const elements = elementsOf(node.inputs[index]);
  if (!elements) throw lowerUnsupported(node.name, `${node.op} with operand ${index} computed at run time`);
  return elements;
}

/**
 * The number that operand `index` is, `fallback` where it is left out. Throws VX-LOWER-TFLITE-UNSUPPORTED when it is quantized,
 * computed at run time or of a type that TFLite does not compute with here.
 */
export function knownScalar(node: Node, index: number, fallback: number): number {
  const value = node.inputs[index];
  if (!value) return fallback;
  const { data, type } = value;
  const isReal = isFloat(type.dtype) && type.dtype !== "f64";
  const [number] = (data && isReal && !type.quant ? floatValues(data) : elementsOf(value)) ?? [];
  if (number === undefined) throw lowerUnsupported(node.name, `${node.op} with operand ${index} quantized or computed at run time`);
  return number;
}

/**
 * What an op's int8 kernel asks of qparams.
 * free: any; moves: only moves elements, so results with other qparams are requantized behind it, exactly;
 * equal: result and operand alike; float: there is no int8 kernel; else the result's scale and zero point are fixed.
 */
export type Kernel = "free" | "moves" | "equal" | "float" | { readonly scale: number; readonly zeroPoint: number };

/** The form to compute a node in: on integers where the kernel gives the same function, else on the real numbers they stand for. */
export function formOf(kernel: Kernel, inputs: readonly Value[], output: Value): Form {
  if (kernel === "float" || !inputs.every(isIntegerActivation)) return "float";
  if (kernel === "moves") return "integer";
  if (!isIntegerActivation(output) || !output.type.quant) return "float";
  if (kernel === "free") return "integer";
  const produced = quantizationOf(output.type.quant, rowMajor(0));
  const asked = kernel === "equal" ? inputs[0]?.type.quant && quantizationOf(inputs[0].type.quant, rowMajor(0)) : fixedQuantization(kernel);
  return sameQuantization(produced, asked) ? "integer" : "float";
}

function fixedQuantization({ scale, zeroPoint }: { readonly scale: number; readonly zeroPoint: number }) {
  return { scale: [scale], zeroPoint: [zeroPoint], quantizedDimension: 0, min: [], max: [] };
}
