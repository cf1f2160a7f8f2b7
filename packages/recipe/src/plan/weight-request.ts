import { BITS, type Diagnostic, elementCount, type TensorData } from "@vlm-export/ir";
import { placeOf, quantBlockSize } from "../errors.js";
import type { WeightRequest } from "../plan-types.js";
import type { WeightSettings } from "../recipe-types.js";
import type { Decided } from "./decide.js";
import type { WeightAxes } from "./operands.js";

/** Hears of weights that blocks do not fit. */
export interface UnfitReport {
  /** An error. */
  refused(diagnostic: Diagnostic): void;
  /** Int8 per channel is taken instead. */
  replaced(blockSize: number, extent: number): void;
}

/** What a rule asks of one weight, with its axes; checks that blocks fit. Where they do not, the request is per channel. */
export function weightRequest(
  { value: settings, rule }: Decided<WeightSettings>,
  weight: { readonly name: string; readonly shape: readonly number[]; readonly axes: WeightAxes },
  report: UnfitReport,
): WeightRequest {
  const { unfit, blockSize, granularity, ...rest } = settings;
  const { axes, name, shape } = weight;
  if (granularity === "tensor") return { ...rest, granularity };
  const perChannel: WeightRequest = { ...rest, granularity: "channel", axis: axes.channel };
  if (granularity === "channel" || blockSize === undefined) return perChannel;
  const extent = shape[axes.reduce] ?? 1;
  if (extent % blockSize === 0) return { ...rest, granularity, axis: axes.reduce, blockSize };
  if (unfit === "refuse") {
    report.refused(quantBlockSize(rule.origins.get("weights.blockSize") ?? placeOf(rule.decidedBy), name, blockSize, extent));
    return perChannel;
  }
  report.replaced(blockSize, extent);
  return { ...perChannel, storage: "i8", symmetric: true, range: [-127, 127], scaleDtype: "f32" };
}

/** Shape of the scale tensor: the constant's rank, with 1, the extent or the number of blocks on each axis. */
export function scaleShapeOf(shape: readonly number[], { granularity, axis, blockSize = 1 }: WeightRequest): readonly number[] {
  return shape.map((extent, i) => {
    if (granularity === "channel") return i === axis ? extent : 1;
    if (granularity === "block") return i === axis ? Math.ceil(extent / blockSize) : extent;
    return 1;
  });
}

/** Bytes of packed integers, scales and zero points. */
export function storedBytes(data: TensorData, request: WeightRequest, scaleShape: readonly number[]): number {
  const scales = elementCount(scaleShape);
  const perScale = BITS[request.scaleDtype] + (request.symmetric ? 0 : BITS[request.storage]);
  return Math.ceil((elementCount(data.shape) * BITS[request.storage]) / 8) + Math.ceil((scales * perScale) / 8);
}

/** Equal requests have equal keys. */
export function requestKey(request: WeightRequest): string {
  return JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));
}
