import { integerValues } from "@vlm-export/backend-api";
import { definedValues, elementCount, type GraphEditor, memoryTensor, type QuantSpec, type TensorData, type Value } from "@vlm-export/ir";

const SHIFT = 128;
/** Flips the uppermost bit of four bytes: adds 128 to each, modulo 256. */
const SIGN_BITS = 0x80808080;

/**
 * Makes all static int8 values uint8, integers and zero points 128 higher: the same numbers. ONNX Runtime's kernels for int8 weights add
 * pairs of products in 16 bits that saturate on x86 processors without VNNI instructions; those for uint8 weights do not. Returns
 * the names of the values.
 */
export function makeUnsigned(edit: GraphEditor): ReadonlySet<string> {
  const signed = definedValues(edit.graph).filter(isSigned);
  for (const value of signed) {
    const type = { ...value.type, quant: unsignedSpec(value.type.quant as QuantSpec) };
    if (value.data) edit.setData(value, shifted(value.data), type);
    else edit.retype(value, type);
  }
  return new Set(signed.map(({ name }) => name));
}

function isSigned({ type: { quant } }: Value): boolean {
  return quant?.storage === "i8" && quant.scale !== undefined;
}

function unsignedSpec({ range: [qmin, qmax], zeroPoint, ...spec }: QuantSpec): QuantSpec {
  const shape = (spec.scale as TensorData).shape;
  const points = zeroPoint ? integerValues(zeroPoint) : Array.from({ length: elementCount(shape) }, () => 0);
  const data = Uint8Array.from(points, (point) => point + SHIFT);
  return { ...spec, storage: "u8", range: [qmin + SHIFT, qmax + SHIFT], zeroPoint: memoryTensor("u8", shape, data) };
}

function shifted({ shape, byteLength, ...data }: TensorData): TensorData {
  const bytes = (begin = 0, end = byteLength): Uint8Array => {
    const result = data.bytes(begin, end).slice();
    shift(result);
    return result;
  };
  const readInto = (target: Uint8Array, begin: number): void => {
    if (data.readInto) data.readInto(target, begin);
    else target.set(data.bytes(begin, begin + target.byteLength));
    shift(target);
  };
  return { dtype: "u8", shape, byteLength, bytes, readInto };
}

function shift(bytes: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = bytes;
  const whole = byteOffset % 4 === 0 ? byteLength - (byteLength % 4) : 0;
  const words = new Uint32Array(buffer, whole === 0 ? 0 : byteOffset, whole / 4);
  for (let i = 0; i < words.length; i += 1) words[i] = ((words[i] as number) ^ SIGN_BITS) >>> 0;
  for (let i = whole; i < byteLength; i += 1) bytes[i] = (bytes[i] as number) ^ SHIFT;
}
