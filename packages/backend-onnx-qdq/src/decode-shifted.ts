import type { DecodedTensor } from "@vlm-export/backend-api";
import type { TensorData } from "@vlm-export/ir";
import { decodeMalformed } from "./errors.js";

const OFFSET = 128;

/** A tensor that is said to be int8 written as uint8, as int8 again. Throws VX-DECODE-ONNX when the file has another type. */
export function signed(tensor: DecodedTensor, path: string): DecodedTensor {
  if (tensor.storage !== "u8")
    throw decodeMalformed(path, `${JSON.stringify(tensor.value)} is ${tensor.storage}, not uint8 in place of int8`);
  const { component, value, reencoded, ints, scaleShape } = tensor;
  return {
    component,
    value,
    reencoded,
    storage: "i8",
    ...(ints && { ints: signedBytes(ints) }),
    ...(scaleShape && { scaleShape }),
    get scale() {
      return tensor.scale;
    },
    /** No zero points stand for zeros: −128 once signed. */
    get zeroPoint() {
      const { scale, zeroPoint } = tensor;
      const points = zeroPoint.length > 0 ? zeroPoint.map((point) => point - OFFSET) : Array.from(scale, () => -OFFSET);
      return points.every((point) => point === 0) ? [] : points;
    },
  };
}

function signedBytes({ shape, byteLength, bytes: unsigned }: TensorData): TensorData {
  const bytes = (begin?: number, end?: number): Uint8Array => {
    const signedOnes = Uint8Array.from(unsigned(begin, end));
    for (let i = 0; i < signedOnes.length; i += 1) signedOnes[i] = (signedOnes[i] as number) - OFFSET;
    return signedOnes;
  };
  return { dtype: "i8", shape, byteLength, bytes };
}
