import type { WeightRequest } from "../plan-types.js";
import type { ActivationSettings } from "../recipe-types.js";
import type { BiasSite } from "./bias-sites.js";
import { sharesQparams } from "./demands.js";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { edgeKey, type WeightForms } from "./plan-weights.js";

/** A constant that meets an integer activation (Add, Mul…) becomes integers of the same kind, per tensor, from its own extremes. */
export function planConstants(
  views: readonly NodeView[],
  { sites, exemptions, forms }: { readonly sites: readonly BiasSite[]; readonly exemptions: Exemptions; readonly forms: WeightForms },
): void {
  const biases = new Set(sites.map(({ bias }) => edgeKey(bias.node, bias.index)));
  for (const view of views) {
    const { node, operands, decisions } = view;
    const { activations } = decisions;
    if (!activations || activations.value.mode === "dynamic" || sharesQparams(view)) continue;
    if (operands.every(({ kind }) => kind !== "activation")) continue;
    for (const { kind, index, value } of operands) {
      if (kind !== "constant" || biases.has(edgeKey(node, index)) || exemptions.edges.has(edgeKey(node, index))) continue;
      forms.add({ value, name: value.name }, { node, index }, requestOf(activations.value), activations.rule.decidedBy);
    }
  }
}

function requestOf({ storage, symmetric, range }: ActivationSettings): WeightRequest {
  return { storage, granularity: "tensor", symmetric, scaleDtype: "f32", range, method: "minmax", algorithm: "rtn" };
}
