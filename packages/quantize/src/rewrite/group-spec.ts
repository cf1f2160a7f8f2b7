import { f32Tensor, type QuantSpec, type Value } from "@vlm-export/ir";
import type { QuantGroup } from "@vlm-export/recipe";
import { activationQParams } from "../activation-qparams.js";
import type { RealRange } from "../calibrators/calibrator.js";
import { zeroPointTensor } from "./qparams-tensors.js";

/** The QuantSpec of a group for a value of `rank`: per-tensor scale and zero point from the real range, or dynamic. */
export function groupSpec({ request }: QuantGroup, range: RealRange | undefined, rank: number): QuantSpec {
  const { storage, granularity, mode, symmetric } = request;
  if (mode === "dynamic" || !range) return { storage, range: request.range, granularity, mode: "dynamic" };
  const { scale, zeroPoint } = activationQParams(range, { range: request.range, symmetric });
  const shape = Array.from({ length: rank }, () => 1);
  return {
    storage,
    range: request.range,
    granularity,
    mode: "static",
    scale: f32Tensor([scale], shape),
    realRange: range,
    ...(zeroPoint !== 0 && { zeroPoint: zeroPointTensor([zeroPoint], storage, shape) }),
  };
}

/** Rank of a value; 0 when it is not known: a per-tensor scale needs none. */
export function rankOf(value: Value): number {
  return value.type.shape?.length ?? 0;
}
