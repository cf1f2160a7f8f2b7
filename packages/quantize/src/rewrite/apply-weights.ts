import { captureIn, GraphEditor, type Node } from "@vlm-export/ir";
import type { Edge, WeightPlan } from "@vlm-export/recipe";
import type { IntegerConstant } from "../weights/integer-constant.js";
import { nodeOf, type Rewrite, valueOf } from "./rewrite.js";
import { placeInCopy, readsOf } from "./inside.js";

/** Every planned edge reads the integers; a constant that only such edges of one form read is replaced in place. */
export function applyWeights(rewrite: Rewrite): void {
  for (const plan of rewrite.plan.weights) {
    const constant = rewrite.weights.get(plan);
    if (constant) applyConstant(rewrite, plan, constant);
  }
}

/**
 * Makes the edges of a constant read `constant`, which belongs to the outermost graph: graphs inside operators capture it, so that it is
 * stored once for all of them.
 */
export function applyConstant(
  rewrite: Rewrite,
  { value, name, edges }: Pick<WeightPlan, "value" | "edges"> & { readonly name?: string },
  constant: IntegerConstant,
): void {
  const { edit } = rewrite;
  const original = valueOf(rewrite, value);
  const sites = edges.flatMap((edge) => siteOf(rewrite, edge));
  if (sites.length === 0) return;
  const isOutermost = edit.graph.value(original.name) === original;
  const isReplaced = isOutermost && readsOf(edit.graph, original) === sites.length;
  if (isReplaced) edit.setData(original, constant.data, constant.type);
  const base = isOutermost ? `${original.name}_${constant.data.dtype}` : (name ?? original.name);
  const form = isReplaced ? original : edit.addConstant(edit.freshName(base), constant.data, constant.type, original.role);
  for (const { node, index, within } of sites) {
    if (within) {
      const place = placeInCopy(rewrite, within);
      new GraphEditor(edit.ops, place.graph).replaceInput(node, index, captureIn(edit.ops, place, form));
    } else if (!isReplaced) edit.replaceInput(node, index, form);
  }
}

/** The operand in the copy; none when its node was replaced. */
export function siteOf(rewrite: Rewrite, { node, index, within }: Edge): (Edge & { readonly node: Node })[] {
  const twin = node && nodeOf(rewrite, node);
  return twin ? [{ node: twin, index, ...(within && { within }) }] : [];
}
