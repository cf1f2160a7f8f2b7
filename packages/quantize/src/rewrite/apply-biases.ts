import type { Node, TensorData, Value } from "@vlm-export/ir";
import type { BiasPlan } from "@vlm-export/recipe";
import { quantBiasRange } from "../errors.js";
import { type BiasResult, integerBias } from "../weights/bias.js";
import { wideFloatsOf } from "../weights/constant-floats.js";
import type { IntegerConstant } from "../weights/integer-constant.js";
import { siteOf } from "./apply-weights.js";
import type { Rewrite } from "./rewrite.js";

/** Biases become int32 at the scale of the products they are added to. One that int32 cannot hold stays float, with a warning. */
export function applyBiases(rewrite: Rewrite): void {
  for (const plan of rewrite.plan.biases) applyBias(rewrite, plan);
}

function applyBias(rewrite: Rewrite, plan: BiasPlan): void {
  const [site] = siteOf(rewrite, plan.edge);
  const bias = site?.node.inputs[site.index];
  const result = bias && integersOf(rewrite, plan, bias);
  if (!site || !bias || !result) return;
  if ("largest" in result) rewrite.report(quantBiasRange(bias.name, plan.compute.name, result.largest));
  else place(rewrite, site, result);
}

/** The int32 form of a bias; undefined when there is none to make: it is integers already, or its node was replaced. */
function integersOf(
  { ranges, weights, replaced, tools }: Rewrite,
  { group, weight, compute }: BiasPlan,
  bias: Value,
): BiasResult | undefined {
  const [range, constant] = [ranges.get(group), weights.get(weight)];
  if (!bias.data || bias.type.quant || !range || !constant || replaced.has(compute)) return undefined;
  const weightScales = wideFloatsOf(constant.type.quant.scale as TensorData, tools.kernels);
  return integerBias(bias.data, range.qparams.scale, weightScales, tools.kernels);
}

/** In place when nothing else reads the bias. */
function place({ edit }: Rewrite, { node, index }: { readonly node: Node; readonly index: number }, { data, type }: IntegerConstant): void {
  const bias = node.inputs[index] as Value;
  const isSole = edit.graph.users(bias).length === 1 && node.inputs.filter((input) => input === bias).length === 1;
  if (isSole && !edit.graph.outputs.includes(bias)) edit.setData(bias, data, type);
  else edit.replaceInput(node, index, edit.addConstant(edit.freshName(`${bias.name}_i32`), data, type, bias.role));
}
