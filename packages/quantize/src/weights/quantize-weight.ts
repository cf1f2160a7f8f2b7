import { elementCount, storedTensor, type TensorData, type Value } from "@vlm-export/ir";
import {
  type FloatSource,
  type FloatType,
  type KernelPool,
  type Kernels,
  type QuantizedWeights,
  scaleLimits,
  type ScaleSpec,
} from "@vlm-export/numerics";
import type { WeightRequest } from "@vlm-export/recipe";
import { quantNonFinite, withValue } from "../errors.js";
import { floatsOf } from "./constant-floats.js";
import type { IntegerConstant, IntegerHome } from "./integer-constant.js";
import { mseScales, roundedScale } from "./mse-scales.js";
import { scaleShapeOf, scaleSpecOf, scaleTensor, staticSpec } from "./quant-spec.js";

/** Scales up to this size stay in memory. */
const HELD_SCALE_BYTES = 1 << 16;

/** What turns weights into integers: the calling thread's kernels, and a pool that reads and works in parallel. */
export interface WeightTools {
  readonly kernels: Kernels;
  readonly pool?: WeightPool;
  readonly home: IntegerHome;
}

/** The part of a kernel pool that weights need. */
export type WeightPool = Pick<KernelPool, "quantizeWeights">;

/**
 * Round to nearest (half to even) on a grid by range or by least squared error. The scale is rounded to `scaleDtype` first, and is
 * at least `scaleFloor`.
 * Throws VX-QUANT-NON-FINITE.
 */
export async function quantizeWeight(
  weight: { readonly value: Pick<Value, "name" | "type">; readonly data: TensorData; readonly scaleFloor?: Float32Array },
  request: WeightRequest,
  tools: WeightTools,
): Promise<IntegerConstant> {
  const { value, data } = weight;
  const spec = scaleSpecOf(data.shape, request);
  const { bytes, scale, zeroPoint, nonFiniteGroups } = await integersOf(data, spec, {
    method: request.method,
    tools,
    scaleFloor: weight.scaleFloor,
  }).catch((error: unknown) => {
    throw withValue(error, value.name);
  });
  if (nonFiniteGroups > 0) throw quantNonFinite(value.name, nonFiniteGroups);
  const { storage, range, granularity, scaleDtype } = request;
  const small = scaleTensor(scale, scaleDtype, scaleShapeOf(data.shape, request), tools.kernels);
  const scales = small.byteLength > HELD_SCALE_BYTES ? await tools.home.keep(small.dtype, small.shape, small.bytes()) : small;
  const quant = staticSpec({ storage, range, granularity }, { scale: scales, ...(zeroPoint && { zeroPoint }) });
  const type = { dtype: data.dtype, shape: data.shape, quant };
  return { data: await tools.home.keep(storage, data.shape, bytes), type, isTiny: isTiny(scale, scaleDtype) };
}

/** Whether the largest scale is the smallest of its type; groups of zeros, which have scale 1, aside. */
function isTiny(scale: Float32Array, dtype: FloatType): boolean {
  return scale.reduce((largest, value) => (value === 1 ? largest : Math.max(largest, value)), 0) === scaleLimits[dtype][0];
}

interface HowToChoose {
  readonly method: WeightRequest["method"];
  readonly tools: WeightTools;
  readonly scaleFloor: Float32Array | undefined;
}

async function integersOf(data: TensorData, spec: ScaleSpec, { method, tools, scaleFloor }: HowToChoose): Promise<QuantizedWeights> {
  const { kernels, pool } = tools;
  const chosen = method === "mse" ? byError(data, spec, kernels) : pool?.quantizeWeights(sourceOf(data), spec);
  const weights = (await chosen) ?? kernels.quantizeWeights(floatsOf(data), spec);
  const { scale } = weights;
  if (!scaleFloor?.some((floor, i) => floor > (scale[i] as number))) return weights;
  const raised = { ...weights, scale: scale.map((value, i) => Math.max(value, roundedScale(scaleFloor[i] as number, spec.scaleDtype))) };
  return { ...raised, ...kernels.quantize(floatsOf(data), { ...spec, ...raised }) };
}

function byError(data: TensorData, spec: ScaleSpec, kernels: Kernels): QuantizedWeights {
  const x = floatsOf(data);
  const scales = mseScales(x, spec, kernels);
  return { ...scales, ...kernels.quantize(x, { ...spec, ...scales }) };
}

/** A weight in a file is read there by the pool's threads, in the type that it is stored in. */
function sourceOf(data: TensorData): FloatSource {
  const { file, dtype, shape } = storedTensor(data);
  return file ? { ...file, dtype: dtype as FloatType, elementCount: elementCount(shape) } : floatsOf(data);
}
