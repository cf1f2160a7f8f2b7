import { singles, type TensorData } from "@vlm-export/ir";
import type { EqualizationPlan, WeightRequest } from "@vlm-export/recipe";
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

/** Output channels of one weight. */
export type Columns = readonly Float32Array[];

/** Some output channels of each of the norm's weights, which stand for all of them: what `chooseFactors` needs of the files. */
export function columnsOfNorm(norm: EqualizationPlan): readonly Columns[] {
  return norm.weights.map(({ weight, reduce }) => sampledColumns(singles(weight.value.data as TensorData), reduce));
}

/**
 * Factors s by which channel k of the norm's output is divided and row k of the weights multiplied (SmoothQuant, Xiao et al. 2022):
 * s_k = max|x_k|^a / max|W_k|^(1−a), geometric mean 1. The strength a, or no scaling at all, is the one with the least expected
 * squared error of the products: (step of x)²/12 · ‖W‖² + Σ_kn (step of W_kn)²/12 · E[x_k²].
 */
export function chooseFactors(
  norm: EqualizationPlan,
  spread: ChannelSpread,
  columns: readonly Columns[] = columnsOfNorm(norm),
): Float32Array {
  const rowMax = largestOf(columns.flat(), spread.absmax.length);
  const candidates = [
    new Float32Array(rowMax.length).fill(1),
    ...STRENGTHS.map((strength) => smoothFactors(spread.absmax, rowMax, strength)),
  ];
  const held = candidates.filter((factors) => norm.parameters.every(({ value }) => isHeld(value.data as TensorData, factors)));
  const weights = norm.weights.map(({ weight: { request } }, i) => ({ request, columns: columns[i] as Columns }));
  const errors = held.map((factors) => expectedError(factors, spread, { weights, activationSteps: stepsOf(norm.group.request) }));
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

/** Integer steps for the largest magnitude. */
function stepsOf({ range: [qmin, qmax] }: { readonly range: readonly [number, number] }): number {
  return (qmax - qmin) / 2;
}

interface SampledWeight {
  readonly request: WeightRequest;
  readonly columns: Columns;
}

function expectedError(
  factors: Float32Array,
  { absmax, meanSquare }: ChannelSpread,
  { weights, activationSteps }: { readonly weights: readonly SampledWeight[]; readonly activationSteps: number },
): number {
  const largest = absmax.reduce((most, x, k) => Math.max(most, x / (factors[k] as number)), 0);
  const energies = Float64Array.from(meanSquare, (x, k) => x / (factors[k] as number) ** 2);
  let [weightEnergy, noise] = [0, 0];
  for (const weight of weights) {
    const cost = costOf(weight, factors, energies);
    weightEnergy += cost.energy;
    noise += cost.noise;
  }
  return (largest / activationSteps) ** 2 * weightEnergy + noise;
}

/**
 * Of the scaled weight ‖W‖² and Σ (step of W_kn)² · E[x_k²]: a step follows from the largest magnitude that shares its scale. In one loop over
 * all elements, as the engine waits for the factors.
 */
function costOf(
  { request: { granularity, blockSize, range }, columns }: SampledWeight,
  factors: Float32Array,
  energies: Float64Array,
): { readonly energy: number; readonly noise: number } {
  const length = granularity === "block" ? (blockSize ?? factors.length) : factors.length;
  const shares = sumsOf(energies, length);
  let [energy, noise, largest] = [0, 0, 0];
  for (const column of columns)
    for (let begin = 0, block = 0; begin < factors.length; begin += length, block += 1) {
      const end = Math.min(begin + length, factors.length);
      let most = 0;
      for (let k = begin; k < end; k += 1) {
        const scaled = Math.abs((column[k] as number) * (factors[k] as number));
        energy += scaled * scaled;
        most = Math.max(most, scaled);
      }
      noise += most ** 2 * (shares[block] as number);
      largest = Math.max(largest, most);
    }
  if (granularity === "tensor") noise = columns.length * largest ** 2 * (shares[0] as number);
  return { energy, noise: noise / stepsOf({ range }) ** 2 };
}

/** Sums of every `length` values. */
function sumsOf(values: Float64Array, length: number): Float64Array {
  const sums = new Float64Array(Math.ceil(values.length / length));
  for (const [k, value] of values.entries()) sums[Math.floor(k / length)] = (sums[Math.floor(k / length)] as number) + value;
  return sums;
}
