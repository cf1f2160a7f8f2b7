import type { TensorData } from "@vlm-export/ir";
import type { BiasPlan } from "@vlm-export/recipe";
import { quantBiasRange } from "../errors.js";
import { integerBias } from "../weights/bias.js";
import { wideFloatsOf } from "../weights/constant-floats.js";
import { siteOf } from "./apply-weights.js";
import type { Rewrite } from "./rewrite.js";

/** Biases become int32 at the scale of the products they are added to. One that int32 cannot hold stays float, with a warning. */
export function applyBiases(rewrite: Rewrite): void {
  for (const plan of rewrite.plan.biases) applyBias(rewrite, plan);
}

function applyBias(rewrite: Rewrite, { edge, group, weight, compute }: BiasPlan): void {
  const { edit, ranges, weights, tools } = rewrite;
  const [site] = siteOf(rewrite, edge);
  const bias = site?.node.inputs[site.index];
  const [range, constant] = [ranges.get(group), weights.get(weight)];
  if (!site || !bias?.data || bias.type.quant || !range || !constant || rewrite.replaced.has(compute)) return;
  const weightScales = wideFloatsOf(constant.type.quant.scale as TensorData, tools.kernels);
  const result = integerBias(bias.data, range.qparams.scale, weightScales, tools.kernels);
  if ("largest" in result) {
    rewrite.report(quantBiasRange(bias.name, compute.name, result.largest));
    return;
  }
  const sole = edit.graph.users(bias).length === 1 && site.node.inputs.filter((input) => input === bias).length === 1;
  if (sole && !edit.graph.outputs.includes(bias)) edit.setData(bias, result.data, result.type);
  else edit.replaceInput(site.node, site.index, edit.addConstant(edit.freshName(`${bias.name}_i32`), result.data, result.type, bias.role));
}
