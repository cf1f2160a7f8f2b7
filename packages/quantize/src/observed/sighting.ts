import type { RunResult } from "@vlm-export/engine";
import type { TensorData } from "@vlm-export/ir";
import type { SeenRanges } from "../counting/counter-messages.js";
import { channelAxisOf } from "../needs.js";
import type { ValueObserver } from "../observers/value-observer.js";
import { floatsOf } from "../weights/constant-floats.js";
import type { ChannelOutputs, ObservedGraph } from "./observed-graph.js";

const NO_CHANNELS: ChannelOutputs = { means: new Map(), maxima: new Map(), looks: new Map() };

/** Extremes at each index of an axis. */
interface ChannelExtremes {
  readonly min: Float32Array;
  readonly max: Float32Array;
}

/** What one run shows of one value. */
export interface Sighting {
  readonly range: readonly [min: number, max: number];
  readonly means: ReadonlyMap<number, Float32Array>;
  readonly maxima: ReadonlyMap<number, ChannelExtremes>;
  /** Extremes along the last axis, in runs that look at an equalized norm. */
  readonly last?: ChannelExtremes;
}

/** Reads a value's part of a result. */
export function sightingOf({ need, tap }: ValueObserver, result: RunResult, observed: ObservedGraph): Sighting {
  const { means, maxima, looks } = observed.channels.get(need.value.name) ?? NO_CHANNELS;
  const last = need.norm && looks.get(channelAxisOf(need.value));
  return {
    range: result.ranges.get(tap) ?? (result.observed as SeenRanges | undefined)?.get(tap) ?? [0, 0], // none of a tensor without elements
    means: new Map([...means].map(([axis, name]) => [axis, vectorOf(result, name)])),
    maxima: new Map([...maxima].map(([axis, names]) => [axis, channelExtremes(result, names)])),
    ...(last && { last: channelExtremes(result, last) }),
  };
}

function channelExtremes(result: RunResult, { min, max }: { readonly min: string; readonly max: string }): ChannelExtremes {
  return { min: vectorOf(result, min), max: vectorOf(result, max) };
}

/**
 * The same with channel k of the last axis multiplied by `factors[k]`, rounded as the engine's product is. Rounding keeps order, so
 * that the extremes of the channels give those of all elements exactly.
 */
export function scaledSighting(seen: Sighting, factors: Float32Array): Sighting {
  const { last, means, maxima, range } = seen;
  const scale = (vector: Float32Array): Float32Array => vector.map((value, k) => value * (factors[k] as number));
  const scaled = last && { min: scale(last.min), max: scale(last.max) };
  return {
    ...seen,
    range:
      scaled && scaled.min.length > 0 ? [scaled.min.reduce((a, b) => Math.min(a, b)), scaled.max.reduce((a, b) => Math.max(a, b))] : range,
    means: new Map([...means].map(([axis, vector]) => [axis, scale(vector)])),
    maxima: new Map([...maxima].map(([axis, { min, max }]) => [axis, { min: scale(min), max: scale(max) }])),
  };
}

/** An output that is a vector of floats. */
export function vectorOf({ outputs }: RunResult, name: string): Float32Array {
  return floatsOf(outputs.get(name) as TensorData) as Float32Array;
}
