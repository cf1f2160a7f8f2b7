import type { DecodedTensor } from "@vlm-export/backend-api";
import { decodeMalformed } from "./errors.js";

/** A stack of matrices whose column scales are repeated for every matrix, with one row of them. Throws VX-DECODE-ONNX when the rows differ. */
export function singleScales(tensor: DecodedTensor, path: string): DecodedTensor {
  const columns = tensor.ints?.shape.at(-1) ?? 1;
  const row = <Numbers extends Float32Array | readonly number[]>(numbers: Numbers): Numbers => {
    const differs = (numbers as readonly number[]).findIndex((number, i) => number !== numbers[i % columns]);
    if (differs >= 0)
      throw decodeMalformed(path, `${JSON.stringify(tensor.value)} has other scales for matrix ${Math.floor(differs / columns)}`);
    return numbers.slice(0, columns) as Numbers;
  };
  const { component, value, storage, reencoded, ints, scaleShape } = tensor;
  return {
    component,
    value,
    storage,
    reencoded,
    ...(ints && { ints }),
    ...(scaleShape && { scaleShape: scaleShape.map((extent, axis, { length }) => (axis === length - 1 ? extent : 1)) }),
    get scale() {
      return row(tensor.scale);
    },
    get zeroPoint() {
      return row(tensor.zeroPoint);
    },
  };
}
