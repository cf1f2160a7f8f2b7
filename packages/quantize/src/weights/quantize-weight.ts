import { byteLengthOf, elementCount, memoryTensor, type TensorData, type Value } from "@vlm-export/ir";
import { type KernelPool, type Kernels, largestScale, type QuantizedWeights, scaleLimits, type ScaleSpec } from "@vlm-export/numerics";
import { scaleShapeOf, type WeightRequest } from "@vlm-export/recipe";
import { fileTensor } from "@vlm-export/store";
import { type ScaledWeight, weightFloats, weightSource } from "../equalize/scaled-weight.js";
import { quantNonFinite, withValue } from "../errors.js";
import { wideFloatsOf } from "./constant-floats.js";
import type { IntegerConstant, IntegerHome } from "./integer-constant.js";
import { mseScales, roundedScale } from "./mse-scales.js";
import { scaleSpecOf, scaleTensor, staticSpec } from "./quant-spec.js";

/** Scales up to this size stay in memory. */
const HELD_SCALE_BYTES = 1 << 16;

/** A channel without weight gets this many times the scale that just fits its bias, which is an integer of 20 bits then. */
const EMPTY_CHANNEL_STEPS = 2 ** 10;

/** What turns weights into integers: the calling thread's kernels, and a pool that reads and works in parallel. */
export interface WeightTools {
  readonly kernels: Kernels;
  readonly pool: WeightPool;
  readonly home: IntegerHome;
}

/** The part of a kernel pool that weights need. */
export type WeightPool = Pick<KernelPool, "quantizeWeights" | "quantizeWeightsToFile" | "channelErrors">;

/** A weight to be quantized; every scale is at least `scaleFloor`. */
export interface Weight extends ScaledWeight {
  readonly value: Pick<Value, "name" | "type">;
  readonly scaleFloor?: Float32Array;
}

/** Integers and scales where they stay. */
interface KeptWeight {
  readonly ints: TensorData;
  readonly scale: TensorData;
  readonly zeroPoint?: Int32Array;
  /** As {@link largestScale} says. */
  readonly largestScale: number;
  readonly nonFiniteGroups: number;
}

/**
 * Round to nearest (half to even) on a grid by range or by least squared error. The scale is rounded to `scaleDtype` first.
 * Throws VX-QUANT-NON-FINITE.
 */
export async function quantizeWeight(weight: Weight, request: WeightRequest, tools: WeightTools): Promise<IntegerConstant> {
  const { value, data } = weight;
  const kept = await keptWeight(weight, request, tools).catch((error: unknown) => {
    throw withValue(error, value.name);
  });
  if (kept.nonFiniteGroups > 0) throw quantNonFinite(value.name, kept.nonFiniteGroups);
  const { storage, range, granularity, scaleDtype } = request;
  const quant = staticSpec({ storage, range, granularity }, kept);
  const type = { dtype: data.dtype, shape: data.shape, quant };
  const [smallest, largest] = scaleLimits[scaleDtype];
  const isHuge = kept.largestScale === largest && !weight.scaleFloor;
  const limited = kept.largestScale === smallest ? "tiny" : isHuge ? "huge" : undefined;
  return { data: kept.ints, type, ...(limited && { limited }) };
}

/** Integers of large weights go to the file from the threads that make them; others are made in memory and kept where there is room. */
async function keptWeight(weight: Weight, request: WeightRequest, tools: WeightTools): Promise<KeptWeight> {
  const { data } = weight;
  const { home, kernels } = tools;
  const spec = scaleSpecOf(data.shape, request);
  const scaleShape = scaleShapeOf(data.shape, request);
  const direct = await writtenByPool(weight, request, tools);
  if (direct && !isBelow(wideFloatsOf(direct.scale, kernels), weight.scaleFloor)) return direct;
  const { bytes, scale, ...rest } = await integersOf(weight, spec, { method: request.method, tools });
  const small = scaleTensor(scale, request.scaleDtype, scaleShape, kernels);
  const scales = small.byteLength > HELD_SCALE_BYTES ? await home.keep(small.dtype, small.shape, small.bytes()) : small;
  return { ints: await home.keep(request.storage, data.shape, bytes), scale: scales, largestScale: largestScale(scale), ...rest };
}

/** Is some scale below its floor, or that of a channel without weight, which depends on its floor? Kernels give such a channel scale 1. */
function isBelow(scale: Float32Array, floor: Float32Array | undefined): boolean {
  return floor !== undefined && scale.some((value, i) => value < (floor[i] as number) || (value === 1 && (floor[i] as number) > 0));
}

/** Undefined for a weight that is to stay in memory, or whose scales do not come from its range alone. */
async function writtenByPool(weight: Weight, request: WeightRequest, tools: WeightTools): Promise<KeptWeight | undefined> {
  const { data } = weight;
  const { storage, scaleDtype, method } = request;
  if (method === "mse") return undefined;
  const scaleShape = scaleShapeOf(data.shape, request);
  const codeBytes = byteLengthOf(storage, elementCount(data.shape));
  const place = await tools.home.reserve(codeBytes + byteLengthOf(scaleDtype, elementCount(scaleShape)));
  if (!place) return undefined;
  const { path, offset } = place;
  const at = { path, codes: offset, scale: offset + codeBytes };
  const rest = await tools.pool.quantizeWeightsToFile(weightSource(weight, tools.kernels), scaleSpecOf(data.shape, request), at);
  const scale = fileTensor(scaleDtype, scaleShape, { path, offset: at.scale });
  const ints = fileTensor(storage, data.shape, place);
  return { ints, scale: scale.byteLength > HELD_SCALE_BYTES ? scale : memoryTensor(scaleDtype, scaleShape, scale.bytes()), ...rest };
}

interface HowToChoose {
  readonly method: WeightRequest["method"];
  readonly tools: WeightTools;
}

async function integersOf(weight: Weight, spec: ScaleSpec, { method, tools }: HowToChoose): Promise<QuantizedWeights> {
  const { kernels, pool } = tools;
  const { scaleFloor } = weight;
  const weights = method === "mse" ? byError(weight, spec, kernels) : await pool.quantizeWeights(weightSource(weight, kernels), spec);
  if (!scaleFloor) return weights;
  const magnitudes = (): Float32Array => kernels.groupRanges(weightFloats(weight, kernels), spec.view).absmax;
  const scale = scalesForBias(weights.scale, scaleFloor, { scaleDtype: spec.scaleDtype, magnitudes });
  const isRaised = scale.some((value, i) => value > (weights.scale[i] as number));
  return { ...weights, scale, ...(isRaised && kernels.quantize(weightFloats(weight, kernels), { ...weights, ...spec, scale })) };
}

/** The scales, raised to the floor where they are below it. A channel without weight is 0 at any scale, so that its bias alone decides. */
function scalesForBias(
  scale: Float32Array,
  floor: Float32Array,
  { scaleDtype, magnitudes }: Pick<ScaleSpec, "scaleDtype"> & { readonly magnitudes: () => Float32Array },
): Float32Array {
  const mayBeEmpty = scale.some((value, i) => value === 1 && (floor[i] as number) > 0); // kernels give an empty channel scale 1
  const largest = mayBeEmpty ? magnitudes() : undefined;
  return scale.map((value, i) => {
    const least = floor[i] as number;
    if (least === 0) return value;
    const isEmpty = largest?.[i] === 0;
    return isEmpty ? roundedScale(least * EMPTY_CHANNEL_STEPS, scaleDtype) : Math.max(value, roundedScale(least, scaleDtype));
  });
}

function byError(weight: ScaledWeight, spec: ScaleSpec, kernels: Kernels): QuantizedWeights {
  const x = weightFloats(weight, kernels);
  const scales = mseScales(x, spec, kernels);
  return { ...scales, ...kernels.quantize(x, { ...spec, ...scales }) };
}
