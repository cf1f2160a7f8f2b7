import type { OpRegistry, Value } from "@vlm-export/ir";
import type { Plan } from "@vlm-export/recipe";
import type { Equalization } from "./equalize/equalization.js";
import { lookedOperands } from "./needs.js";
import { axesOf } from "./rewrite/channel-axes.js";

/** Standard deviations above the mean from which a channel is reported. */
const REPORTED_SIGMA = 3;

/** Channels of a value or weight that are far larger than the others. */
export interface OutlierReport {
  readonly node: string;
  /** The measured operand. */
  readonly value: string;
  readonly by: "activations" | "weights";
  /** The worst first. */
  readonly channels: readonly number[];
  /** Distance of the largest magnitude from the channels' mean in standard deviations. */
  readonly sigma: number;
  /** True when the channels went into a float16 part. */
  readonly split: boolean;
}

/** Indexes whose magnitude is above mean + sigma · standard deviation over all (population), in order. */
export function outlierChannels(absmax: Float32Array, sigma: number): readonly number[] {
  const { mean, deviation } = spreadOf(absmax);
  const threshold = mean + sigma * deviation;
  return [...absmax.keys()].filter((channel) => (absmax[channel] as number) > threshold);
}

/** What is said of outlier channels, the worst first. */
export function outlierReport(absmax: Float32Array, outliers: readonly number[]): Pick<OutlierReport, "channels" | "sigma"> {
  const { mean, deviation } = spreadOf(absmax);
  const channels = outliers.toSorted((a, b) => (absmax[b] as number) - (absmax[a] as number));
  const [worst = 0] = channels;
  return { channels, sigma: deviation > 0 ? ((absmax[worst] as number) - mean) / deviation : 0 };
}

/** Outlier channels in the first samples of all observed inputs of products; one entry for each value and axis. Splits report their own. */
export function seenOutliers(plan: Plan, equalization: Pick<Equalization, "seen">, ops: OpRegistry): readonly OutlierReport[] {
  const splits = new Set(plan.splits.map(({ node }) => node));
  const reports = new Map<string, OutlierReport>();
  for (const { node, inputIndex } of lookedOperands(plan)) {
    const value = node.inputs[inputIndex] as Value;
    const axis = axesOf(node, ops)?.input;
    const absmax = axis === undefined ? undefined : equalization.seen(value)?.looks?.get(axis);
    const key = `${axis} ${value.name}`;
    if (splits.has(node) || !absmax || reports.has(key)) continue;
    const outliers = outlierChannels(absmax, REPORTED_SIGMA);
    if (outliers.length > 0)
      reports.set(key, { ...outlierReport(absmax, outliers), node: node.name, value: value.name, by: "activations", split: false });
  }
  return [...reports.values()];
}

/** Mean and population standard deviation; 0 and 0 for none. */
function spreadOf(values: Float32Array): { readonly mean: number; readonly deviation: number } {
  const count = Math.max(values.length, 1);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  return { mean, deviation: Math.sqrt(variance) };
}
