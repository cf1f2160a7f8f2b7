import { type GraphEditor, type Node, type Value } from "@vlm-export/ir";
import { constantShaped } from "./float-constant.js";
import { bothOrders, keepsRank, otherInput, producerOf, trailingShape, uncast } from "./match.js";
import { centredOf, meanSquareOf, trailingMean, underInverseRoot } from "./norm-match.js";

/** x · s + (β − mean(x) · s) with s = γ / √(variance + ε). */
export interface FoldedNorm {
  readonly x: Value;
  readonly axis: number;
  readonly epsilon: number;
  readonly gain: Value;
  readonly shift: Value;
}

/** Matches the sum that ends a layer norm whose γ was multiplied into the inverse deviation. */
export function matchFoldedNorm(add: Node): FoldedNorm | undefined {
  for (const [product, rest] of bothOrders(add)) {
    const scaled = producerOf(product, "Mul");
    const [shift, offset] = producerOf(rest, "Sub")?.inputs ?? [];
    const found =
      scaled &&
      bothOrders(scaled)
        .map(([x, scale]) => normOf(x, scale, offset))
        .find(Boolean);
    if (found && shift) return { ...found, shift };
  }
  return undefined;
}

/** The norm when `offset` is mean(x) · scale. */
function normOf(x: Value, scale: Value, offset: Value | null | undefined): Omit<FoldedNorm, "shift"> | undefined {
  const product = producerOf(offset, "Mul");
  const average = product && otherInput(product, scale);
  const [averaged, axis] = (average && trailingMean(average)) ?? [];
  const found = averaged === x && axis !== undefined ? deviationOf(scale, x, axis) : undefined;
  return found && axis !== undefined ? { x, axis, ...found } : undefined;
}

/** γ and ε when `scale` is γ / √(variance(x) + ε). */
function deviationOf(scale: Value, x: Value, axis: number): Pick<FoldedNorm, "gain" | "epsilon"> | undefined {
  const product = producerOf(scale, "Mul");
  for (const [inverse, gain] of product ? bothOrders(product) : []) {
    const radicand = underInverseRoot(inverse);
    const variance = radicand && meanSquareOf(radicand);
    const centred = variance && centredOf(variance.x);
    const isSame = centred && uncast(centred.x) === uncast(x) && centred.axis === axis && variance.axis === axis;
    if (isSame) return { gain, epsilon: variance.epsilon };
  }
  return undefined;
}

/** False when γ or β is no constant of exactly the normalized extents. */
export function fuseFoldedNorm(edit: GraphEditor, add: Node, { x, axis, epsilon, gain, shift }: FoldedNorm): boolean {
  const shape = trailingShape(x, axis);
  const output = add.outputs[0] as Value;
  if (!shape || !keepsRank(x, output) || x.type.dtype === "f64") return false;
  const [scale, bias] = [gain, shift].map((value) => {
    const data = constantShaped(value, shape);
    return data && (data === value.data ? value : edit.addConstant(edit.freshName(`${value.name}_flat`), data));
  });
  if (!scale || !bias || scale.type.dtype !== x.type.dtype) return false;
  const [fused] = edit.insert("LayerNormalization", [x, scale, bias], { axis: -shape.length, epsilon });
  edit.replaceAllUses(output, fused as Value);
  return true;
}
