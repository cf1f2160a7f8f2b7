import type { DecidedBy, Plan } from "../plan-types.js";

/** The first decision that nothing but samples can fill in, and the words of the recipe that ask for it; undefined when there is none. */
export function dataNeed({
  groups,
  biasCorrections,
  splits,
}: Pick<Plan, "groups" | "biasCorrections" | "splits">): { readonly what: string; readonly decidedBy: DecidedBy } | undefined {
  const group = groups.find(({ observe }) => observe.length > 0);
  if (group) return { what: "static activations", decidedBy: group.decidedBy };
  const [correction] = biasCorrections;
  if (correction) return { what: "biasCorrection", decidedBy: correction.decidedBy };
  const split = splits.find(({ by }) => by === "activations");
  return split && { what: "split by activations", decidedBy: split.decidedBy };
}
