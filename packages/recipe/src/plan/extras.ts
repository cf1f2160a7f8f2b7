import { type Diagnostic, nestedGraphs, type Node } from "@vlm-export/ir";
import { placeOf, recipeNoEffect } from "../errors.js";
import type { BiasCorrectionPlan, BiasPlan, KeepPlan, SplitPlan, WeightPlan } from "../plan-types.js";
import type { BiasSite } from "./bias-sites.js";
import type { Grouping } from "./group.js";
import type { NodeView } from "./node-view.js";
import { edgeKey } from "./plan-weights.js";

/** Int32 biases where the input is static integers. */
export function planBiases(sites: readonly BiasSite[], grouping: Grouping): readonly BiasPlan[] {
  return sites.flatMap(({ compute: { node }, inputIndex, weight, bias }) => {
    const value = node.inputs[inputIndex];
    const group = value ? grouping.ofEdge(value, { node, index: inputIndex }) : undefined;
    if (group?.request.mode !== "static") return [];
    return [{ value: bias.value, edge: { node: bias.node, index: bias.index }, compute: node, inputIndex, group, weight }];
  });
}

/** Nodes that compute in a stated float type; nodes without any float operand or result are left out, and those that {@link refusesHalf}. */
export function planKeeps(views: readonly NodeView[]): readonly KeepPlan[] {
  return views.flatMap(({ node, def, decisions: { keep } }) => {
    const values = [...node.inputs, ...node.outputs];
    if (!keep || !def || !values.some((value) => value?.type.dtype === "f32" || value?.type.dtype === "bf16")) return [];
    if (keep.value === "f16" && refusesHalf(node)) return [];
    return [{ node, dtype: keep.value, decidedBy: keep.rule.decidedBy }];
  });
}

/** Nested graphs compute in the types that they have; an operand of unknown type cannot be brought to that of the others. */
function refusesHalf(node: Node): boolean {
  return nestedGraphs(node).length > 0 || node.inputs.some((value) => value?.type.dtype === "unknown");
}

/** Outlier splits of MatMul and Gemm with a rank-2 weight; elsewhere the rule is reported to have no effect. */
export function planSplits(
  views: readonly NodeView[],
  weights: ReadonlyMap<string, WeightPlan>,
  report: (finding: Diagnostic) => void,
): readonly SplitPlan[] {
  return views.flatMap((view) => {
    const { node, decisions } = view;
    const { split } = decisions;
    if (!split) return [];
    const parts = splitParts(view, weights);
    if (typeof parts !== "string")
      return [{ node, sigma: split.value.sigma, dtype: "f16", ...parts, by: channelsOf(view), decidedBy: split.rule.decidedBy }];
    const finding = recipeNoEffect(placeOf(split.rule.decidedBy), `split has no effect on ${node.op}: ${parts}.`);
    report({ ...finding, severity: "info", where: { ...finding.where, node: node.name } });
    return [];
  });
}

function channelsOf({ decisions }: NodeView): SplitPlan["by"] {
  return decisions.activations?.value.mode === "static" ? "activations" : "weights";
}

/** The operands of a split, or why there is none. */
function splitParts(
  { node, operands }: NodeView,
  weights: ReadonlyMap<string, WeightPlan>,
): Pick<SplitPlan, "inputIndex" | "weightIndex" | "weight"> | string {
  const operand = operands.find(({ kind, index }) => kind === "weight" && index === 1);
  const input = operands.find(({ kind }) => kind === "activation");
  if (!operand || !input) return "it has no weight";
  if (!["MatMul", "Gemm"].includes(node.op) || operand.value.data?.shape.length !== 2)
    return "only rank-2 weights of MatMul and Gemm are split";
  const weight = weights.get(edgeKey(node, operand.index));
  return weight ? { inputIndex: input.index, weightIndex: operand.index, weight } : "its weight is not quantized";
}

/** Bias corrections of nodes with a quantized weight. */
export function planCorrections(views: readonly NodeView[], weights: ReadonlyMap<string, WeightPlan>): readonly BiasCorrectionPlan[] {
  return views.flatMap(({ node, operands, decisions: { biasCorrection } }) => {
    const operand = operands.find(({ kind }) => kind === "weight");
    const weight = operand && weights.get(edgeKey(node, operand.index));
    const input = operands.find(({ kind }) => kind === "activation");
    return biasCorrection && weight && input ? [{ node, inputIndex: input.index, weight, decidedBy: biasCorrection.rule.decidedBy }] : [];
  });
}
