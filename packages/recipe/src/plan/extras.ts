import type { Diagnostic } from "@vlm-export/ir";
import { recipeNoEffect } from "../errors.js";
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

/** Nodes that compute in a stated float type; nodes without any float operand or result are left out. */
export function planKeeps(views: readonly NodeView[]): readonly KeepPlan[] {
  return views.flatMap(({ node, def, decisions: { keep } }) => {
    const values = [...node.inputs, ...node.outputs];
    if (!keep || !def || !values.some((value) => value?.type.dtype === "f32" || value?.type.dtype === "bf16")) return [];
    return [{ node, dtype: keep.value, decidedBy: keep.rule.decidedBy }];
  });
}

/** Outlier splits of MatMul and Gemm with a rank-2 weight; elsewhere the rule is reported to have no effect. */
export function planSplits(views: readonly NodeView[], weights: ReadonlyMap<string, WeightPlan>, report: (finding: Diagnostic) => void): readonly SplitPlan[] {
  return views.flatMap(({ node, operands, decisions: { split, activations } }) => {
    if (!split) return [];
    const operand = operands.find(({ kind, index }) => kind === "weight" && index === 1);
    const weight = operand && weights.get(edgeKey(node, operand.index));
    const input = operands.find(({ kind }) => kind === "activation");
    const fits = (node.op === "MatMul" || node.op === "Gemm") && operand?.value.data?.shape.length === 2;
    if (!operand || !weight || !input || !fits) {
      const reason = operand ? (fits ? "its weight is not quantized" : "only rank-2 weights of MatMul and Gemm are split") : "it has no weight";
      const finding = recipeNoEffect(split.rule.decidedBy, `split has no effect on ${node.op}: ${reason}.`);
      report({ ...finding, severity: "info", where: { ...finding.where, node: node.name } });
      return [];
    }
    const by = activations?.value.mode === "static" ? "activations" : "weights";
    return [
      { node, sigma: split.value.sigma, dtype: "f16", by, inputIndex: input.index, weightIndex: operand.index, weight, decidedBy: split.rule.decidedBy },
    ];
  });
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
