import { memoryTensor, type QuantSpec, type TensorData } from "@vlm-export/ir";
import { blockView, channelView, floatsFromBytes, type IntegerType, type Kernels, type QuantView, tensorView } from "@vlm-export/numerics";
import type { WeightPlan } from "@vlm-export/recipe";
import { elementCount } from "@vlm-export/ir";
import { quantNonFinite, quantWeightType } from "../errors.js";
import { scaleTensor, zeroPointTensor } from "../rewrite/qparams-tensors.js";

/** The integers of a weight and the QuantSpec that says what they stand for. */
export interface QuantizedWeight {
  readonly data: TensorData;
  readonly quant: QuantSpec;
}

/** Round-to-nearest of a float constant as its plan says. Throws VX-QUANT-NON-FINITE, VX-QUANT-WEIGHT-TYPE. */
export function quantizeWeight(plan: WeightPlan, kernels: Kernels): QuantizedWeight {
  const { request, value, scaleShape } = plan;
  const { data } = value;
  if (!data || (data.dtype !== "f32" && data.dtype !== "f16" && data.dtype !== "bf16"))
    throw quantWeightType(value.name, data?.dtype ?? "none");
  const { storage, range, symmetric, scaleDtype } = request;
  const spec = { view: viewOf(plan, data.shape), storage: storage as IntegerType, range, symmetric, scaleDtype };
  const { bytes, scale, zeroPoint, nonFiniteGroups } = kernels.quantizeWeights(floatsFromBytes(data.bytes(), data.dtype), spec);
  if (nonFiniteGroups > 0) throw quantNonFinite(value.name, nonFiniteGroups);
  return {
    data: memoryTensor(storage, data.shape, bytes),
    quant: {
      storage,
      range,
      granularity: request.granularity,
      mode: "static",
      scale: scaleTensor(scale, scaleDtype, scaleShape),
      ...(zeroPoint && { zeroPoint: zeroPointTensor(zeroPoint, storage, scaleShape) }),
    },
  };
}

/** How the kernels see the weight. */
function viewOf({ request: { granularity, axis = 0, blockSize = 1 } }: WeightPlan, shape: readonly number[]): QuantView {
  if (granularity === "tensor") return tensorView(elementCount(shape));
  return granularity === "channel" ? channelView(shape, axis) : blockView(shape, axis, blockSize);
}
