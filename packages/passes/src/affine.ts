import { type Node, type TensorData, type Value } from "@vlm-export/ir";
import { numbersOf } from "@vlm-export/ops";
import { floatElements } from "./float-constant.js";
import { plainData } from "./match.js";

/** y = factor[c] · x + shift[c] for every channel c (axis 1 of x). */
export interface Affine {
  readonly factor: Float64Array;
  readonly shift: Float64Array;
}

/** What a BatchNormalization with constant statistics computes: γ/√(var + ε), β − mean·factor. Undefined for training. */
export function batchNormAffine(norm: Node): Affine | undefined {
  const isTraining = Number(norm.attrs["training_mode"] ?? 0) !== 0 || norm.outputs.slice(1).some(Boolean);
  if (norm.op !== "BatchNormalization" || isTraining) return undefined;
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map(floatElements);
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = Number(norm.attrs["epsilon"] ?? 1e-5);
  const factor = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + epsilon));
  return { factor, shift: beta.map((b, c) => b - (mean[c] as number) * (factor[c] as number)) };
}

/** What a Mul, Div, Add or Sub of `x` and a constant per channel (or for all) computes. `rank` is that of x. */
export function scaleShiftAffine(
  node: Node,
  x: Value,
  { rank, channels }: { readonly rank: number; readonly channels: number },
): Affine | undefined {
  const [a, b] = node.inputs;
  const rule = RULES.get(node.op);
  if (!rule || a === b || (a !== x && b !== x)) return undefined;
  const data = plainData(a === x ? b : a);
  const operand = data && perChannel(data, rank, channels);
  return operand && rule(operand, a === x);
}

type Rule = (operand: Float64Array, isFirst: boolean) => Affine | undefined;

const RULES: ReadonlyMap<Node["op"], Rule> = new Map<Node["op"], Rule>([
  ["Mul", (operand) => ({ factor: operand, shift: operand.map(() => 0) })],
  ["Div", (operand, isFirst) => (isFirst ? { factor: operand.map((c) => 1 / c), shift: operand.map(() => 0) } : undefined)],
  ["Add", (operand) => ({ factor: operand.map(() => 1), shift: operand })],
  ["Sub", (operand, isFirst) => ({ factor: operand.map(() => (isFirst ? 1 : -1)), shift: isFirst ? operand.map((c) => -c) : operand })],
]);

/** One number per channel, of a constant that varies along axis 1 only when it meets a value of `rank`. */
function perChannel(data: TensorData, rank: number, channels: number): Float64Array | undefined {
  const { shape } = data;
  const axis = shape.length - rank + 1;
  if (shape.length > rank || !shape.every((extent, i) => extent === 1 || (i === axis && extent === channels))) return undefined;
  const values = numbersOf(data);
  return values.length === channels ? values : new Float64Array(channels).fill(values[0] as number);
}
