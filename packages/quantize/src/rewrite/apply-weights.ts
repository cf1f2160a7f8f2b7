import type { Node, Value } from "@vlm-export/ir";
import type { Edge, WeightPlan } from "@vlm-export/recipe";
import type { IntegerConstant } from "../weights/integer-constant.js";
import { nodeOf, type Rewrite, valueOf } from "./rewrite.js";

/** Every planned edge reads the integers; a constant that only such edges of one form read is replaced in place. */
export function applyWeights(rewrite: Rewrite): void {
  for (const plan of rewrite.plan.weights) {
    const constant = rewrite.weights.get(plan);
    if (constant) applyConstant(rewrite, plan, constant);
  }
}

/** Makes the edges of a constant read `constant`. */
export function applyConstant(rewrite: Rewrite, { value, edges }: Pick<WeightPlan, "value" | "edges">, constant: IntegerConstant): void {
  const { edit } = rewrite;
  const original = valueOf(rewrite, value);
  const sites = edges.flatMap((edge) => siteOf(rewrite, edge));
  if (sites.length === 0) return;
  if (readsOf(rewrite, original) === sites.length) {
    edit.setData(original, constant.data, constant.type);
    return;
  }
  const name = edit.freshName(`${original.name}_${constant.data.dtype}`);
  const form = edit.addConstant(name, constant.data, constant.type, original.role);
  for (const { node, index } of sites) edit.replaceInput(node, index, form);
}

/** The operand in the copy; none when its node was replaced. */
export function siteOf(rewrite: Rewrite, { node, index }: Edge): { readonly node: Node; readonly index: number }[] {
  const twin = node && nodeOf(rewrite, node);
  return twin ? [{ node: twin, index }] : [];
}

/** How many operands, nested graphs and outputs read a value. */
function readsOf({ edit: { graph } }: Rewrite, value: Value): number {
  const count = (values: Iterable<Value | null>): number => [...values].filter((read) => read === value).length;
  const inNodes = graph.users(value).reduce((sum, node) => sum + count(node.inputs) + count(node.captures.values()), 0);
  return inNodes + count(graph.outputs);
}
