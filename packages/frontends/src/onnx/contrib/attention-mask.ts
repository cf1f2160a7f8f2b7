import { type Dim, LARGEST_FINITE, type Value } from "@vlm-export/ir";
import { addDims, codeOfDtype } from "@vlm-export/ops";
import type { NodeBuilder } from "../rule.js";
import { floatConstant } from "./attention-scores.js";
import { extentOf, positions } from "./positions.js";

/** What masks depend on besides the mask operand. */
export interface MaskSite {
  /** Both [batch, heads, sequence, size]; the key with what is past. */
  readonly query: Value;
  readonly key: Value;
  /** Where the first query stands among the keys, as i64 with one element; undefined = at the start. */
  readonly offset: Value | undefined;
  /** What is added to the score of a masked key. */
  readonly filter: number;
}

/** Forms of a mask operand; `lengths`, `spans`: one axis with the ends of the keys, or their ends and then their starts. */
export type MaskForm = "none" | "lengths" | "spans" | "keys" | "pairs" | "square";

/** Forms by rank; a mask of rank 1 has one of two. */
const FORMS: ReadonlyMap<number, MaskForm> = new Map<number, MaskForm>([
  [2, "keys"],
  [3, "pairs"],
  [4, "square"],
]);

/** The form of a mask, or why there is no telling. */
export function maskFormOf(mask: Value | null | undefined, batch: Dim = "of unknown size"): MaskForm | { readonly unknown: string } {
  if (!mask) return "none";
  const { shape = [] } = mask.type;
  const form = FORMS.get(shape.length);
  if (form) return form;
  const [count] = shape;
  if (shape.length !== 1 || count === undefined) return { unknown: "the rank of its mask is not known, or is none from 1 to 4" };
  if (count === batch) return "lengths";
  if (count === addDims(batch, batch)) return "spans";
  return { unknown: `its mask has one axis of ${count} elements, from which, at batch ${batch}, its form cannot be told` };
}

/** The mask as numbers to add to scores: 0 for keys that count, `filter` for the others. */
export function paddingBias(build: NodeBuilder, mask: Value, form: Exclude<MaskForm, "none">, site: MaskSite): Value {
  const [kept, filtered] = [floatConstant(build, "kept", 0, site.query), floatConstant(build, "filtered", site.filter, site.query)];
  if (form === "lengths" || form === "spans") return spanBias(build, { mask, hasStarts: form === "spans", kept, filtered }, site);
  const shown = form === "square" ? visiblePart(build, mask, site) : mask;
  const lifted = form === "square" ? shown : build.inner("Unsqueeze", [shown, build.ints("axes", ...(form === "keys" ? [1, 2] : [1]))]);
  const zero = floatConstant(build, "zero", 0, mask);
  return build.inner("Where", [build.inner("Greater", [lifted, zero]), kept, filtered]);
}

/** `bias` with the lowest number where a key stands behind its query. */
export function causalBias(build: NodeBuilder, bias: Value | undefined, { query, key, offset }: MaskSite): Value {
  const places = positions(build, query, 2);
  const rows = build.inner("Unsqueeze", [offset ? build.inner("Add", [places, offset]) : places, build.ints("rows", 1)]);
  const isBehind = build.inner("Greater", [positions(build, key, 2), rows]);
  const lowest = floatConstant(build, "lowest", -(LARGEST_FINITE[query.type.dtype] ?? Number.NaN), query);
  return build.inner("Where", [isBehind, lowest, bias ?? floatConstant(build, "kept", 0, query)]);
}

interface Spans {
  readonly mask: Value;
  readonly hasStarts: boolean;
  readonly kept: Value;
  readonly filtered: Value;
}

/** Keys from the start to before the end count; [batch, 1, 1, keys]. */
function spanBias(build: NodeBuilder, { mask, hasStarts, kept, filtered }: Spans, { key }: MaskSite): Value {
  const bounds = build.inner("Unsqueeze", [build.inner("Cast", [mask], { to: codeOfDtype("i64") as number }), build.ints("axes", 1, 2, 3)]);
  const places = positions(build, key, 2);
  const [ends, starts] = hasStarts ? build.inners("Split", [bounds], { axis: 0, num_outputs: 2 }, 2) : [bounds];
  const upToEnd = build.inner("Where", [build.inner("Less", [places, ends as Value]), kept, filtered]);
  return starts ? build.inner("Where", [build.inner("Less", [places, starts]), filtered, upToEnd]) : upToEnd;
}

/** The rows of the queries and the columns of the keys of a mask for the longest sequence. */
function visiblePart(build: NodeBuilder, mask: Value, { query, key, offset }: MaskSite): Value {
  const [queries, keys] = [extentOf(build, query, 2), extentOf(build, key, 2)];
  const from = offset ?? build.ints("from", 0);
  const to = offset ? build.inner("Add", [offset, queries]) : queries;
  const rows = build.inner("Slice", [mask, from, to, build.ints("axes", 2)]);
  return build.inner("Slice", [rows, build.ints("from", 0), keys, build.ints("axes", 3)]);
}
