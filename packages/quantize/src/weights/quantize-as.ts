import { elementCount, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { type IntegerType, type Kernels, tensorView } from "@vlm-export/numerics";
import type { ActivationQParams } from "../activation-qparams.js";
import { quantNonFinite } from "../errors.js";
import { floatsOf } from "./constant-floats.js";

/** Integers of a constant with given per-tensor qparams. Throws VX-QUANT-NON-FINITE for a NaN. */
export function quantizeAs(
  { name, data }: { readonly name: string; readonly data: TensorData },
  { storage, range }: Pick<QuantSpec, "storage" | "range">,
  { scale, zeroPoint }: ActivationQParams,
  kernels: Kernels,
): Uint8Array {
  const { bytes, nanCount } = kernels.quantize(floatsOf(data), {
    view: tensorView(elementCount(data.shape)),
    storage: storage as IntegerType,
    range,
    scale: Float32Array.of(scale),
    zeroPoint: Int32Array.of(zeroPoint),
  });
  if (nanCount > 0) throw quantNonFinite(name, 1);
  return bytes;
}
