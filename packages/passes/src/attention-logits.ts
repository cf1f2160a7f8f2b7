import { type DType, type GraphEditor, i64Tensor, type Value } from "@vlm-export/ir";
import { codeOfDtype, tensorOf } from "@vlm-export/ops";
import { rankOf, scalarOf } from "./match.js";

/** How a mask acts on attention scores: a bias is added, or Where puts a constant in place of scores. */
export type ScoreMask =
  | { readonly kind: "added"; readonly bias: Value }
  /** `isKept`: scores stay where the condition is true. */
  | { readonly kind: "chosen"; readonly condition: Value; readonly otherwise: Value; readonly isKept: boolean };

/** From here down, scores that are added are lost in rounding, so that a row in which everything is masked stays as it is chosen. */
const MASKED_BELOW: ReadonlyMap<DType, number> = new Map([
  ["f16", -6e4],
  ["bf16", -1e4],
  ["f32", -1e9],
]);

/**
 * The mask as a bias in the element type of the queries; undefined when Attention does not take it: rank below 2, one column for all keys, or
 * a constant that masks nothing. A choice becomes the bias 0 or that constant. One row for all queries is written out, as ONNX Runtime
 * needs it.
 */
export function biasOf(edit: GraphEditor, mask: ScoreMask, queries: Value): Value | undefined {
  const { dtype } = queries.type;
  const shaped = mask.kind === "added" ? mask.bias : mask.condition;
  if ((rankOf(shaped) ?? 0) < 2 || shaped.type.shape?.at(-1) === 1) return undefined;
  if (mask.kind === "added") return perQuery(edit, cast(edit, mask.bias, dtype), queries);
  const { otherwise } = mask;
  const constant = scalarOf(otherwise);
  if (constant === undefined || constant > (MASKED_BELOW.get(otherwise.type.dtype) ?? Number.NEGATIVE_INFINITY)) return undefined;
  const nothing = edit.addConstant(edit.freshName("unmasked"), tensorOf(otherwise.type.dtype, [], [0]));
  const branches = mask.isKept ? [nothing, otherwise] : [otherwise, nothing];
  return perQuery(edit, cast(edit, edit.insert("Where", [mask.condition, ...branches])[0] as Value, dtype), queries);
}

/** The bias with a row for each of the queries, [batch, heads, queries, size]. */
function perQuery(edit: GraphEditor, bias: Value, queries: Value): Value {
  const count = queries.type.shape?.[2];
  if (bias.type.shape?.at(-2) !== 1 || count === 1) return bias;
  const ints = (...values: readonly number[]): Value => edit.addConstant(edit.freshName("rows"), i64Tensor(values));
  const written = (): Value => edit.insert("Shape", [queries], { start: 2, end: 3 })[0] as Value;
  const shape = typeof count === "number" ? ints(count, 1) : (edit.insert("Concat", [written(), ints(1)], { axis: 0 })[0] as Value);
  return edit.insert("Expand", [bias, shape])[0] as Value;
}

function cast(edit: GraphEditor, value: Value, dtype: DType): Value {
  return value.type.dtype === dtype ? value : (edit.insert("Cast", [value], { to: codeOfDtype(dtype) as number })[0] as Value);
}
