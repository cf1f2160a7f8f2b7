import { elementCount, i64Tensor, type TensorData, type Value, widenedTensor } from "@vlm-export/ir";
import { channelView } from "@vlm-export/numerics";
import { codeOfDtype } from "@vlm-export/ops";
import type { QuantGroup, SplitPlan } from "@vlm-export/recipe";
import { narrowed } from "../activation-ranges.js";
import { quantNoStatistics, quantF16Range, quantNoOutliers } from "../errors.js";
import { extremesOf } from "../statistics.js";
import { outlierChannels, type OutlierReport, outlierReport } from "../outlier-channels.js";
import { floatsOf, wideFloatsOf } from "../weights/constant-floats.js";
import { F16_LARGEST, halfConstant } from "../weights/float-constant.js";
import { quantizeWeight } from "../weights/quantize-weight.js";
import { insertQuantize } from "./apply-activations.js";
import { axesOf, type ChannelAxes } from "./channel-axes.js";
import { nodeOf, type Rewrite, valueOf } from "./rewrite.js";

/**
 * x · W = x[rest] · Q(W[rest]) + f16(x[outliers]) · f16(W[outliers]) for every planned node with outlier channels, as Gather, two
 * products and an Add; the range of x[rest] no longer holds the outliers. Nodes that read one input share its parts.
 */
export async function splitOutliers(rewrite: Rewrite): Promise<readonly OutlierReport[]> {
  const inputs = new Map<string, InputParts>();
  const reports: OutlierReport[] = [];
  for (const plan of rewrite.plan.splits) {
    const found = findOutliers(rewrite, plan);
    if (!found) {
      rewrite.report(quantNoOutliers(plan.node.name, plan.sigma, plan.decidedBy));
      continue;
    }
    const split = await splitNode(rewrite, found, inputs);
    reports.push({ ...found.report, split });
  }
  return reports;
}

interface FoundSplit {
  readonly plan: SplitPlan;
  readonly axes: ChannelAxes;
  readonly outliers: readonly number[];
  readonly rest: readonly number[];
  /** Largest magnitude of the other channels. */
  readonly restLargest: number;
  /** Largest magnitude of the input that is known; 0 when nothing is. */
  readonly inputLargest: number;
  /** Of each outlier channel. */
  readonly outlierLargest: readonly number[];
  readonly report: OutlierReport;
}

function findOutliers(rewrite: Rewrite, plan: SplitPlan): FoundSplit | undefined {
  const { node, sigma, by, inputIndex, weight } = plan;
  const axes = axesOf(node, rewrite.edit.ops);
  if (!axes || node.attrs["transA"] === 1) return undefined;
  const absmax = by === "weights" ? weightAbsmax(rewrite, plan, axes) : inputAbsmax(rewrite, plan, axes);
  const outliers = outlierChannels(absmax, sigma);
  if (outliers.length === 0) return undefined;
  const taken = new Set(outliers);
  const rest = [...absmax.keys()].filter((channel) => !taken.has(channel));
  const value = by === "weights" ? weight.value.name : (node.inputs[inputIndex] as Value).name;
  const restLargest = rest.reduce((most, channel) => Math.max(most, absmax[channel] as number), 0);
  const report = { ...outlierReport(absmax, outliers), node: node.name, value, by, split: true };
  const whole = inputLargest(rewrite, plan);
  const outlierLargest = outliers.map((channel) => (by === "weights" ? whole : (absmax[channel] as number)));
  return { plan, axes, outliers, rest, restLargest, inputLargest: whole, outlierLargest, report };
}

/** By its extremes: the channels are not told apart when those of the weight are split. */
function inputLargest({ equalization }: Rewrite, { node, inputIndex }: SplitPlan): number {
  const seen = equalization.seen(node.inputs[inputIndex] as Value);
  return seen ? Math.max(...extremesOf(seen).map(Math.abs)) : 0;
}

function weightAbsmax(rewrite: Rewrite, { weight }: SplitPlan, { reduce }: ChannelAxes): Float32Array {
  const data = weight.value.data as TensorData;
  return rewrite.tools.kernels.groupRanges(floatsOf(data), channelView(data.shape, reduce)).absmax;
}

function inputAbsmax({ equalization }: Rewrite, { node, inputIndex }: SplitPlan, { input }: ChannelAxes): Float32Array {
  const value = node.inputs[inputIndex] as Value;
  const absmax = equalization.seen(value)?.maxima?.get(input);
  if (!absmax) throw quantNoStatistics(value.name, "channel maxima");
  return absmax;
}

/** An input cut in two; `rest` in its final precision, `outliers` in f16. */
interface InputParts {
  readonly rest: Value;
  readonly outliers: Value;
}

const UNSPLIT = "is not split";

/** Replaces the node; false when the outliers of weight or input do not fit f16. */
async function splitNode(rewrite: Rewrite, found: FoundSplit, inputs: Map<string, InputParts>): Promise<boolean> {
  const { plan, axes, outliers, rest } = found;
  const { edit, tools } = rewrite;
  const node = nodeOf(rewrite, plan.node);
  const [sum] = node?.outputs ?? [];
  if (!node || !sum) return false;
  const { value, request } = plan.weight;
  const data = value.data as TensorData;
  const taken = takeChannels(data, axes.reduce, outliers);
  const half = halfConstant(taken, tools.kernels);
  if ("largest" in half) {
    rewrite.report(quantF16Range(value.name, node.name, { largest: half.largest, so: UNSPLIT }));
    return false;
  }
  const beyond = beyondHalf(found, wideFloatsOf(taken, tools.kernels), taken.shape);
  if (beyond) {
    rewrite.report(quantF16Range(beyond.value.name, node.name, { largest: beyond.largest, so: UNSPLIT }));
    return false;
  }
  const integers = await quantizeWeight({ value, data: takeChannels(data, axes.reduce, rest) }, request, tools);
  const parts = inputParts(rewrite, found, inputs);
  const restWeight = edit.addConstant(edit.freshName(`${value.name}_rest`), integers.data, integers.type, value.role);
  const outlierWeight = edit.addConstant(edit.freshName(`${value.name}_outliers`), half, undefined, value.role);
  const facts = { origin: node.origin, ...(node.role !== undefined && { role: node.role }) };
  const { beta: _beta, ...halfAttrs } = node.attrs;
  const operands = node.inputs.map((input, i) => (i === plan.inputIndex ? parts.rest : i === plan.weightIndex ? restWeight : input));
  const [restSum] = edit.insert(node.op, operands, node.attrs, { ...facts, name: `${node.name}_rest` });
  const [outlierSum] = edit.insert(node.op, [parts.outliers, outlierWeight], halfAttrs, { ...facts, name: `${node.name}_outliers` });
  const [wide] = edit.insert("Cast", [outlierSum as Value], { to: codeOf(sum.type.dtype) }, facts);
  const [total] = edit.insert("Add", [restSum as Value, wide as Value], {}, { ...facts, name: `${node.name}_sum` });
  edit.replaceAllUses(sum, total as Value);
  edit.erase(node);
  rewrite.replaced.add(plan.node);
  rewrite.redirected.set(plan.node.outputs[0] as Value, total as Value);
  return true;
}

/** What of the float16 part float16 does not hold: the input, or sums of its products, each at its largest. */
function beyondHalf(
  { plan, axes, inputLargest, outlierLargest }: FoundSplit,
  weight: Float32Array,
  shape: readonly number[],
): { readonly value: Value; readonly largest: number } | undefined {
  const { node, inputIndex } = plan;
  if (inputLargest > F16_LARGEST) return { value: node.inputs[inputIndex] as Value, largest: inputLargest };
  const alpha = node.op === "Gemm" && typeof node.attrs["alpha"] === "number" ? Math.abs(node.attrs["alpha"]) : 1;
  const largest = alpha * largestSum(weight, elementCount(shape.slice(axes.reduce + 1)), outlierLargest);
  return largest > F16_LARGEST ? { value: node.outputs[0] as Value, largest } : undefined;
}

/** The largest Σ |x_k| · |W_kj| over the columns j; rows that follow each other are `inner` elements apart. NaN and infinities do not count. */
function largestSum(weight: Float32Array, inner: number, inputs: readonly number[]): number {
  const sums = new Float64Array(weight.length / Math.max(inputs.length, 1));
  weight.forEach((number, i) => {
    const [row, rest] = [Math.floor(i / inner), i % inner];
    const column = Math.floor(row / inputs.length) * inner + rest;
    sums[column] = (sums[column] as number) + Math.abs(number) * (inputs[row % inputs.length] as number);
  });
  return sums.reduce((most, sum) => Math.max(most, Number.isFinite(sum) ? sum : 0), 0);
}

function inputParts(rewrite: Rewrite, { plan, outliers, rest, restLargest, axes }: FoundSplit, known: Map<string, InputParts>): InputParts {
  const { edit, ranges } = rewrite;
  const value = valueOf(rewrite, plan.node.inputs[plan.inputIndex] as Value);
  const group = groupOf(rewrite, plan);
  const key = `${value.id} ${group?.id ?? ""} ${outliers.join()}`;
  const found = known.get(key);
  if (found) return found;
  const gather = (channels: readonly number[], part: string): Value => {
    const index = edit.addConstant(edit.freshName(`${value.name}_${part}_index`), i64Tensor(channels));
    const [taken] = edit.insert(
      "Gather",
      [value, index],
      { axis: axes.input },
      { name: `${value.name}_${part}`, origin: value.producer?.origin ?? [] },
    );
    return taken as Value;
  };
  const range = group && ranges.get(group);
  const restFloat = gather(rest, "rest");
  const restValue = group ? insertQuantize(rewrite, restFloat, group, range && narrowed(range, restLargest, group)) : restFloat;
  const [half] = edit.insert("Cast", [gather(outliers, "outliers")], { to: codeOf("f16") }, {});
  const parts = { rest: restValue, outliers: half as Value };
  known.set(key, parts);
  return parts;
}

function groupOf({ plan }: Rewrite, { node, inputIndex }: SplitPlan): QuantGroup | undefined {
  const operand = plan.nodes.get(node)?.inputs[inputIndex];
  return operand?.kind === "activation" ? operand.group : undefined;
}

/** The slices of a float constant at `channels` of `axis`, in that order. */
function takeChannels(data: TensorData, axis: number, channels: readonly number[]): TensorData {
  if (data.narrow) return widenedTensor(takeChannels(data.narrow, axis, channels));
  const { shape, dtype } = data;
  const [outer, extent] = [elementCount(shape.slice(0, axis)), shape[axis] as number];
  const sliceBytes = data.byteLength / Math.max(outer * extent, 1);
  const [source, target] = [data.bytes(), new Uint8Array(outer * channels.length * sliceBytes)];
  let at = 0;
  for (let block = 0; block < outer; block += 1)
    for (const channel of channels) {
      const begin = (block * extent + channel) * sliceBytes;
      target.set(source.subarray(begin, begin + sliceBytes), at);
      at += sliceBytes;
    }
  const taken = shape.map((size, i) => (i === axis ? channels.length : size));
  return { dtype, shape: taken, byteLength: target.byteLength, bytes: (begin = 0, end = target.byteLength) => target.subarray(begin, end) };
}

const codeOf = (dtype: TensorData["dtype"]): number => codeOfDtype(dtype) as number;
