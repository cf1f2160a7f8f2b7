import { singles, type TensorData } from "@vlm-export/ir";
import type { EqualizationPlan, QuantGroup } from "@vlm-export/recipe";
import { F16_LARGEST } from "../weights/float-constant.js";
import { sampledColumns } from "./sampled-columns.js";
import { divided } from "./scaled-weight.js";

/** What was seen of the channels of a norm's output. */
export interface ChannelSpread {
  readonly absmax: Float32Array;
  readonly meanSquare: Float32Array;
}

/** Strengths tried besides leaving the norm as it is. */
const STRENGTHS = [0.25, 0.375, 0.5, 0.625, 0.75];
const SMALLEST = 1e-5;

/** Output channels of the norm's weights, which stand for all of them: what `chooseFactors` needs of the files. */
export function columnsOfNorm(norm: EqualizationPlan): readonly Float32Array[] {
  return norm.weights.flatMap(({ weight, reduce }) => sampledColumns(singles(weight.value.data as TensorData), reduce));
}

/**
 * Factors s by which channel k of the norm's output is divided and row k of the weights multiplied (SmoothQuant, Xiao et al. 2022):
 * s_k = max|x_k|^a / max|W_k|^(1−a), geometric mean 1. The strength a, or no scaling at all, is the one with the least expected
 * squared error of the products: (step of x)²/12 · ‖W‖² + Σ_n (step of W_n)²/12 · E‖x‖².
 */
export function chooseFactors(
  norm: EqualizationPlan,
  spread: ChannelSpread,
  columns: readonly Float32Array[] = columnsOfNorm(norm),
): Float32Array {
  const rowMax = largestOf(columns, spread.absmax.length);
  const candidates = [
    new Float32Array(rowMax.length).fill(1),
    ...STRENGTHS.map((strength) => smoothFactors(spread.absmax, rowMax, strength)),
  ];
  const held = candidates.filter((factors) => norm.parameters.every(({ value }) => isHeld(value.data as TensorData, factors)));
  const steps = { weight: weightSteps(norm), activation: activationSteps(norm.group) };
  const errors = held.map((factors) => expectedError(factors, spread, { columns, steps }));
  return held[errors.indexOf(Math.min(...errors))] as Float32Array;
}

/** Whether the type of a gain or bias holds it once it is divided; unscaled, it does. */
function isHeld(data: TensorData, factors: Float32Array): boolean {
  return data.dtype !== "f16" || divided(data, factors).every((value) => Math.abs(value) <= F16_LARGEST);
}

/** The largest magnitude at each index over all columns. */
function largestOf(columns: readonly Float32Array[], length: number): Float32Array {
  const most = new Float32Array(length);
  for (const column of columns) for (let k = 0; k < length; k += 1) most[k] = Math.max(most[k] as number, Math.abs(column[k] as number));
  return most;
}

function smoothFactors(absmax: Float32Array, rowMax: Float32Array, strength: number): Float32Array {
  const raw = absmax.map((x, k) => Math.max(x, SMALLEST) ** strength / Math.max(rowMax[k] as number, SMALLEST) ** (1 - strength));
  const centre = Math.exp(raw.reduce((sum, value) => sum + Math.log(value), 0) / raw.length);
  return raw.map((value) => value / centre);
}

function weightSteps({ weights }: EqualizationPlan): number {
  return Math.min(...weights.map(({ weight }) => weight.request.range[1] - weight.request.range[0])) / 2;
}

/** Integer steps for the largest magnitude. */
function activationSteps({ request: { range } }: QuantGroup): number {
  return (range[1] - range[0]) / 2;
}

function expectedError(
  factors: Float32Array,
  { absmax, meanSquare }: ChannelSpread,
  {
    columns,
    steps,
  }: { readonly columns: readonly Float32Array[]; readonly steps: { readonly weight: number; readonly activation: number } },
): number {
  const largest = absmax.reduce((most, x, k) => Math.max(most, x / (factors[k] as number)), 0);
  const energy = meanSquare.reduce((sum, x, k) => sum + x / (factors[k] as number) ** 2, 0);
  let [weightEnergy, weightNoise] = [0, 0];
  for (const column of columns) {
    let most = 0;
    for (let k = 0; k < column.length; k += 1) {
      const scaled = Math.abs((column[k] as number) * (factors[k] as number));
      weightEnergy += scaled * scaled;
      if (scaled > most) most = scaled;
    }
    weightNoise += (most / steps.weight) ** 2;
  }
  return (largest / steps.activation) ** 2 * weightEnergy + weightNoise * energy;
}
