import type { DType, GraphEditor, Value } from "@vlm-export/ir";
import { codeOfDtype, tensorOf } from "@vlm-export/ops";
import { rankOf, scalarOf } from "./match.js";

/** How a mask acts on attention scores: a bias is added, or Where puts a constant in place of scores. */
export type ScoreMask =
  | { readonly kind: "added"; readonly bias: Value }
  /** `isKept`: scores stay where the condition is true. */
  | { readonly kind: "chosen"; readonly condition: Value; readonly otherwise: Value; readonly isKept: boolean };

/** From here down, e to the power of a logit is 0 beside any other. */
const MASKED_BELOW = -1e4;

/**
 * The mask as a bias in `dtype`; undefined when Attention does not take it: rank below 2, one column for all keys, or a constant that
 * masks nothing. A choice becomes the bias 0 or that constant, which leaves rows in which everything is masked as they are.
 */
export function biasOf(edit: GraphEditor, mask: ScoreMask, dtype: DType): Value | undefined {
  const shaped = mask.kind === "added" ? mask.bias : mask.condition;
  if ((rankOf(shaped) ?? 0) < 2 || shaped.type.shape?.at(-1) === 1) return undefined;
  if (mask.kind === "added") return cast(edit, mask.bias, dtype);
  const constant = scalarOf(mask.otherwise);
  if (constant === undefined || constant > MASKED_BELOW) return undefined;
  const nothing = edit.addConstant(edit.freshName("unmasked"), tensorOf(mask.otherwise.type.dtype, [], [0]));
  const branches = mask.isKept ? [nothing, mask.otherwise] : [mask.otherwise, nothing];
  return cast(edit, edit.insert("Where", [mask.condition, ...branches])[0] as Value, dtype);
}

function cast(edit: GraphEditor, value: Value, dtype: DType): Value {
  return value.type.dtype === dtype ? value : (edit.insert("Cast", [value], { to: codeOfDtype(dtype) as number })[0] as Value);
}
