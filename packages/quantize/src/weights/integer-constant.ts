import { type QuantSpec, type TensorData, type TensorType, memoryTensor, type DType } from "@vlm-export/ir";
import type { Scratch } from "@vlm-export/store";

/** A constant as integers: `type.quant` says what they stand for. */
export interface IntegerConstant {
  readonly data: TensorData;
  readonly type: TensorType & { readonly quant: QuantSpec };
  /** The constant is so small that all its scales are the smallest of their type. */
  readonly isTiny?: boolean;
}

/** Where finished integers wait for the emitters: in memory up to a limit, then in the run's scratch file. */
export interface IntegerHome {
  keep(dtype: DType, shape: readonly number[], bytes: Uint8Array): Promise<TensorData>;
}

/** Keeps `limitBytes` in memory and the rest in `scratch`; without one, all of it in memory. */
export function integerHome(limitBytes: number, scratch: Scratch | undefined): IntegerHome {
  let heldBytes = 0;
  return {
    async keep(dtype, shape, bytes) {
      if (scratch && heldBytes + bytes.byteLength > limitBytes) return scratch.keep(dtype, shape, [bytes]);
      heldBytes += bytes.byteLength;
      return memoryTensor(dtype, shape, bytes);
    },
  };
}
