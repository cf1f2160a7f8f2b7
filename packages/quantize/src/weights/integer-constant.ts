import { type FileLocation, type QuantSpec, type TensorData, type TensorType, memoryTensor, type DType } from "@vlm-export/ir";
import type { Scratch } from "@vlm-export/store";

/** A constant as integers: `type.quant` says what they stand for. */
export interface IntegerConstant {
  readonly data: TensorData;
  readonly type: TensorType & { readonly quant: QuantSpec };
  /** tiny: all its scales are the smallest of their type, too coarse; huge: some is the largest, and its integers saturate. */
  readonly limited?: "tiny" | "huge";
}

/** Where finished integers wait for the emitters: in memory up to a limit, then in the run's scratch file. */
export interface IntegerHome {
  keep(dtype: DType, shape: readonly number[], bytes: Uint8Array): Promise<TensorData>;
  /** A place in the file for as many bytes, which the caller fills; undefined where memory still has room for them. */
  reserve(byteLength: number): Promise<FileLocation | undefined>;
}

/** Keeps `limitBytes` in memory and the rest in `scratch`; without one, all of it in memory. */
export function integerHome(limitBytes: number, scratch: Scratch | undefined): IntegerHome {
  let heldBytes = 0;
  const overflows = (byteLength: number): boolean => heldBytes + byteLength > limitBytes;
  return {
    async reserve(byteLength) {
      return scratch && overflows(byteLength) ? scratch.reserve(byteLength) : undefined;
    },
    async keep(dtype, shape, bytes) {
      if (scratch && overflows(bytes.byteLength)) return scratch.keep(dtype, shape, [bytes]);
      heldBytes += bytes.byteLength;
      return memoryTensor(dtype, shape, bytes);
    },
  };
}
