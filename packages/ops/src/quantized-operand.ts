import { elementCount } from "@vlm-export/ir";
import type { TensorData } from "@vlm-export/ir";
import { numbersOf } from "./small-tensor.js";

/** q − zeroPoint; several zero points belong to the indices of `axis`. */
export function centered(data: TensorData, zeroPoint: TensorData | undefined, axis: number): Float64Array {
  const zeros = zeroPoint ? numbersOf(zeroPoint) : [0];
  const inner = elementCount(data.shape.slice(axis + 1));
  const extent = data.shape[axis] ?? 1;
  return numbersOf(data).map((q, i) => q - (zeros[zeros.length === 1 ? 0 : Math.floor(i / inner) % extent] as number));
}
