import { ONNX_DATA_TYPES } from "@vlm-export/formats/onnx";
import { type DType, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { numberToSmallFloat, type SmallFloat } from "@vlm-export/numerics";
import { opAttribute, opNotEvaluated } from "./errors.js";
import { bigintsOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";
import { stringsOf, stringTensor } from "./take.js";

/** Element types by their code in an ONNX TensorProto: all that the IR holds too. */
const CODES: ReadonlyMap<number, DType> = new Map(
  ONNX_DATA_TYPES.flatMap(({ code, dtype }) => (dtype === "f6e2m3" || dtype === "f6e3m2" ? [] : [[code, dtype] as const])),
);
const DTYPE_CODES: ReadonlyMap<DType, number> = new Map([...CODES].map(([code, dtype]) => [dtype, code]));

/** The element type that an ONNX attribute such as `to` names. Throws VX-OP-ATTRIBUTE. */
export function dtypeOfCode(op: string, attribute: string, code: number): DType {
  const dtype = CODES.get(code);
  if (!dtype)
    throw opAttribute(op, attribute, `${code}`, `the code of an element type: ${[...CODES].map(([c, d]) => `${c} ${d}`).join(", ")}`);
  return dtype;
}

/** The code of an element type in ONNX attributes such as `to`; undefined for `unknown`. */
export function codeOfDtype(dtype: DType): number | undefined {
  return DTYPE_CODES.get(dtype);
}

/** True for the types whose elements shape arithmetic follows. */
export function keepsIntegers(dtype: DType): boolean {
  return dtype === "i64" || dtype === "i32";
}

/** ONNX Cast: floats to integers lose their fraction, to bool are compared with 0; 8-bit floats saturate or overflow. */
export function castTensor(op: string, data: TensorData, to: DType, saturate: boolean): TensorData {
  if (data.dtype === to) return data;
  if (data.dtype === "string" || to === "string") return castText(op, data, to);
  if (to === "bool")
    return tensorOf(
      "bool",
      data.shape,
      numbersOf(data).map((x) => (x === 0 ? 0 : 1)),
    );
  if (isIntegerType(data.dtype) && isIntegerType(to)) return tensorOfBigints(to, data.shape, bigintsOf(data) as ArrayLike<bigint>);
  if (to.startsWith("f8e") && to !== "f8e8m0") {
    const codes = Uint8Array.from(numbersOf(data), (x) => numberToSmallFloat(to as SmallFloat, x, saturate ? "saturate" : "special"));
    return memoryTensor(to, data.shape, codes);
  }
  return tensorOf(to, data.shape, numbersOf(data));
}

function castText(op: string, data: TensorData, to: DType): TensorData {
  if (data.dtype !== "string") {
    if (!isIntegerType(data.dtype)) throw opNotEvaluated(op, `${data.dtype} to string`);
    const encoder = new TextEncoder();
    return stringTensor(
      data.shape,
      Array.from(bigintsOf(data), (x) => encoder.encode(`${x}`)),
    );
  }
  if (elementCount(data.shape) > 0 && !to.startsWith("f")) throw opNotEvaluated(op, `string to ${to}`);
  const texts = stringsOf(data).map((bytes) => new TextDecoder().decode(bytes));
  return tensorOf(to, data.shape, texts.map(numberOfText));
}

function numberOfText(text: string): number {
  const special = /^([+-]?)(inf|infinity)$/i.exec(text.trim());
  if (special) return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}
