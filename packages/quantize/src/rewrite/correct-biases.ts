import { elementCount, isFloat, type Node, type TensorData, type Value } from "@vlm-export/ir";
import { type ErrorLayout, type IntegerType, unpack } from "@vlm-export/numerics";
import { kernelShares } from "@vlm-export/ops";
import type { BiasCorrectionPlan } from "@vlm-export/recipe";
import { quantNoStatistics, quantCorrectionUnfit } from "../errors.js";
import { weightSource } from "../equalize/scaled-weight.js";
import { mapLimited } from "../map-limited.js";
import { wideFloatsOf } from "../weights/constant-floats.js";
import { floatConstant } from "../weights/float-constant.js";
import { viewOf } from "../weights/quant-spec.js";
import { axesOf, type ChannelAxes } from "./channel-axes.js";
import { rankCause } from "./rank-cause.js";
import { nodeOf, type Rewrite } from "./rewrite.js";

/** Nodes whose weights are read at one time. */
const AT_ONCE = 2;

/**
 * b' = b + (W − Ŵ) · E[x], per output channel: takes the mean error of the quantized weight out of the output (Nagel et al.,
 * "Data-free quantization through weight equalization and bias correction", 2019). Where extents are
 * known, an element of a kernel counts by the share of positions at which it does not lie on the padding, whose products have no error.
 */
export async function correctBiases(rewrite: Rewrite): Promise<void> {
  const plans = rewrite.plan.biasCorrections;
  const corrections = new Map<BiasCorrectionPlan, Float32Array | string>();
  await mapLimited(plans, AT_ONCE, async (plan) => void corrections.set(plan, await correctionOf(rewrite, plan)));
  for (const plan of plans) {
    const correction = corrections.get(plan) as Float32Array | string;
    if (typeof correction === "string") rewrite.report(quantCorrectionUnfit(plan.node.name, correction, plan.decidedBy));
    else addToBias(rewrite, { node: nodeOf(rewrite, plan.node) as Node, original: plan.node }, correction);
  }
}

/** What is added to each output channel, or why nothing is. */
async function correctionOf(rewrite: Rewrite, plan: BiasCorrectionPlan): Promise<Float32Array | string> {
  const node = nodeOf(rewrite, plan.node);
  if (!node) return "the node is split";
  const axes = axesOf(plan.node, rewrite.edit.ops);
  if (!["Conv", "Gemm", "MatMul"].includes(node.op)) return `only Conv, Gemm and MatMul are corrected, this is ${node.op}`;
  return axes ? meanError(rewrite, plan, axes) : unfit(plan.node);
}

/** Why the channels of a node's input cannot be told. */
function unfit({ inputs: [input, weight] }: Node): string {
  if (input && !input.type.shape) return rankCause(input);
  return weight?.data ? "its weight is not a plain matrix or kernel" : "its right operand is no constant";
}

/** Σ over the summed axes of (W − Ŵ) · E[x] for each output channel, times the factor of a Gemm. */
async function meanError(rewrite: Rewrite, plan: BiasCorrectionPlan, axes: ChannelAxes): Promise<Float32Array | string> {
  const { node, inputIndex, weight } = plan;
  const input = node.inputs[inputIndex] as Value;
  const scaled = rewrite.equalization.weightOf(weight);
  const { shape } = scaled.data;
  const constant = rewrite.weights.get(weight);
  const means = rewrite.equalization.seen(input)?.means?.get(axes.input);
  if (!means) throw quantNoStatistics(input.name, "channel means");
  if (!constant || shape.length !== axes.weightRank) return "its weight is not a plain matrix or kernel";
  const { kernels, pool } = rewrite.tools;
  const { storage, range, scale, zeroPoint } = constant.type.quant;
  const scales = wideFloatsOf(scale as TensorData, kernels);
  const zeros = zeroPoint && Int32Array.from(unpack(zeroPoint.bytes(), storage as IntegerType, scales.length));
  const quantized = {
    view: viewOf(shape, weight.request),
    storage: storage as IntegerType,
    range,
    scale: scales,
    ...(zeros && { zeroPoint: zeros }),
    codes: constant.data.file ?? constant.data.bytes(),
  };
  const layout = layoutOf(shape, { means, shares: kernelShares(node) }, axes);
  const factor = node.op === "Gemm" && typeof node.attrs["alpha"] === "number" ? node.attrs["alpha"] : 1;
  return Float32Array.from(await pool.channelErrors(weightSource(scaled, kernels), quantized, layout), (error) => error * factor);
}

/** What the elements of a weight are multiplied with on average. */
interface Seen {
  /** By input channel. */
  readonly means: Float32Array;
  /** How much of the mean each element of a kernel sees; all of it when absent. */
  readonly shares: Float64Array | undefined;
}

/** A matrix with one output channel per column, or one per row, in which the kernel elements of one input channel lie side by side. */
function layoutOf(shape: readonly number[], { means, shares }: Seen, { channel, groups }: ChannelAxes): ErrorLayout {
  const [rows = 0, second = 0] = shape;
  if (channel === 1) return { channel: "column", rows, columns: second, groups: 1, weights: means };
  const kernel = elementCount(shape.slice(2));
  const weights = Float32Array.from(
    { length: means.length * kernel },
    (_, i) => (means[Math.floor(i / kernel)] as number) * (shares?.[i % kernel] ?? 1),
  );
  return { channel: "row", rows, columns: second * kernel, groups, weights };
}

/** Adds to the constant that is added to the products already, or puts an Add behind the node. */
function addToBias(rewrite: Rewrite, { node, original }: { readonly node: Node; readonly original: Node }, correction: Float32Array): void {
  const { edit, tools } = rewrite;
  const site = biasSite(rewrite, node, correction.length);
  const bias = site?.node.inputs[site.index];
  if (!site || !bias?.data) {
    insertAdd(rewrite, { node, original }, correction);
    return;
  }
  const values = wideFloatsOf(bias.data, tools.kernels).map((value, i) => value + (correction[i] as number));
  const data = floatConstant(values, bias.type.dtype, bias.data.shape, tools.kernels);
  const corrected = edit.addConstant(edit.freshName(`${bias.name}_corrected`), data, undefined, bias.role);
  edit.replaceInput(site.node, site.index, corrected);
}

/** The operand that is added to the products of `node` already: its own bias, or the constant of the Add that alone reads them. */
function biasSite({ edit: { graph } }: Rewrite, node: Node, channels: number): { readonly node: Node; readonly index: number } | undefined {
  if (isBias(node.inputs[2], channels) && (node.attrs["beta"] ?? 1) === 1) return { node, index: 2 };
  const [sum] = node.outputs;
  const [add, ...others] = sum ? graph.users(sum) : [];
  if (node.op !== "MatMul" || !sum || add?.op !== "Add" || others.length > 0 || graph.outputs.includes(sum)) return undefined;
  const index = add.inputs.findIndex((value) => isBias(value, channels));
  return index < 0 ? undefined : { node: add, index };
}

/** A float constant with one element per output channel, along the last axis. */
function isBias(value: Value | null | undefined, channels: number): boolean {
  const shape = value?.data?.shape;
  return shape !== undefined && isFloat(value?.type.dtype ?? "unknown") && shape.at(-1) === channels && elementCount(shape) === channels;
}

function insertAdd(rewrite: Rewrite, { node, original }: { readonly node: Node; readonly original: Node }, correction: Float32Array): void {
  const { edit, tools } = rewrite;
  const [sum, source] = [node.outputs[0] as Value, original.outputs[0] as Value];
  const trailing = node.op === "Conv" ? (sum.type.shape?.length ?? 2) - 2 : 0;
  const data = floatConstant(correction, sum.type.dtype, [correction.length, ...Array<number>(trailing).fill(1)], tools.kernels);
  const constant = edit.addConstant(edit.freshName(`${node.name}_correction`), data);
  const [corrected] = edit.insert("Add", [sum, constant], {}, { name: `${node.name}_corrected`, types: [sum.type] });
  edit.replaceAllUses(sum, corrected as Value);
  rewrite.redirected.set(source, corrected as Value);
}
