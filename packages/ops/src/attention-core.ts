import { elementCount, type TensorData } from "@vlm-export/ir";
import { flagsOf, numbersOf } from "./small-tensor.js";
import { stridesOf } from "./take.js";

/** Added to the score of query `row` of head `head` for key `column`: 0, a bias, or −∞ where it must not attend. */
export type Bias = (batch: number, head: number, row: number, column: number) => number;

/** The bias of an attention mask that broadcasts to [batch, heads, queries, keys]; keys beyond its last extent are masked out. */
export function maskBias(mask: TensorData): Bias {
  const values =
    mask.dtype === "bool" ? Float64Array.from(flagsOf(mask), (flag) => (flag ? 0 : Number.NEGATIVE_INFINITY)) : numbersOf(mask);
  const strides = stridesOf(mask.shape);
  const rank = mask.shape.length;
  return (...position) => {
    const last = mask.shape.at(-1);
    if (last !== undefined && position[3] >= last) return Number.NEGATIVE_INFINITY;
    let index = 0;
    for (let i = 0; i < rank; i += 1) if (mask.shape[i] !== 1) index += (position[i + 4 - rank] as number) * (strides[i] as number);
    return values[index] as number;
  };
}

/** Softmax of scores plus bias; a row that may attend to nothing becomes all 0. */
export function attend(scores: readonly number[], bias: readonly number[]): readonly number[] {
  if (bias.every((each) => each === Number.NEGATIVE_INFINITY)) return scores.map(() => 0);
  const logits = scores.map((score, j) => score + (bias[j] as number));
  const max = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = logits.map((logit) => (max === Number.NEGATIVE_INFINITY ? 0 : Math.exp(logit - max)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => (sum === 0 ? 0 : power / sum));
}

/** Head vectors of a tensor [batch, heads, sequence, size] or [batch, sequence, heads · size]. */
export interface Heads {
  readonly heads: number;
  readonly sequence: number;
  readonly size: number;
  /** Flat start of the vector of one head at one position. */
  start(batch: number, head: number, position: number): number;
}

/** The layout of a shape; `count` heads when it has rank 3. */
export function headsOf(shape: readonly number[], count: number): Heads {
  if (shape.length === 4) {
    const [, heads, sequence, size] = shape as readonly [number, number, number, number];
    return { heads, sequence, size, start: (batch, head, position) => ((batch * heads + head) * sequence + position) * size };
  }
  const [, sequence, hidden] = shape as readonly [number, number, number];
  const size = hidden / count;
  return { heads: count, sequence, size, start: (batch, head, position) => ((batch * sequence + position) * count + head) * size };
}

/** past (if any) and new keys or values as [batch, heads, total, size]: for each element the tensor and flat index that it comes from. */
export function presentPicks(
  fresh: TensorData,
  layout: Heads,
  past: TensorData | undefined,
): { readonly shape: readonly number[]; readonly picks: readonly (readonly [source: number, index: number])[] } {
  const before = past ? (past.shape[2] as number) : 0;
  const total = before + layout.sequence;
  const shape = [fresh.shape[0] as number, layout.heads, total, layout.size];
  const picks = Array.from({ length: elementCount(shape) }, (_, k): readonly [number, number] => {
    const element = k % layout.size;
    const position = Math.floor(k / layout.size) % total;
    const plane = Math.floor(k / (layout.size * total));
    if (position < before) return [1, (plane * before + position) * layout.size + element];
    return [0, layout.start(Math.floor(plane / layout.heads), plane % layout.heads, position - before) + element];
  });
  return { shape, picks };
}
