import { type Diagnostic, elementCount, type GraphPlace, type Node, storedTensor, type TensorData, type Value } from "@vlm-export/ir";
import { placeOf, quantUnfit } from "../errors.js";
import type { DecidedBy, Edge, WeightPlan, WeightRequest } from "../plan-types.js";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { requestKey, scaleShapeOf, storedBytes, weightRequest } from "./weight-request.js";

/** Collects the quantized forms of constants; edges that ask for the same form of the same constant share it. */
export class WeightForms {
  private readonly forms = new Map<Value, Map<string, { plan: WeightPlan; edges: Edge[] }>>();
  private readonly plans: WeightPlan[] = [];

  add({ value, name }: Pick<WeightPlan, "value" | "name">, edge: Edge, request: WeightRequest, decidedBy: DecidedBy): WeightPlan {
    const key = requestKey(request);
    const forms = this.forms.get(value) ?? new Map<string, { plan: WeightPlan; edges: Edge[] }>();
    this.forms.set(value, forms);
    const known = forms.get(key);
    if (known) {
      known.edges.push(edge);
      return known.plan;
    }
    const data = value.data as TensorData;
    const scaleShape = scaleShapeOf(data.shape, request);
    const edges = [edge];
    const plan: WeightPlan = {
      value,
      name,
      edges,
      request,
      scaleShape,
      decidedBy,
      elements: elementCount(data.shape),
      bytesBefore: storedTensor(data).byteLength,
      bytesAfter: storedBytes(data, request, scaleShape),
    };
    forms.set(key, { plan, edges });
    this.plans.push(plan);
    return plan;
  }

  get all(): readonly WeightPlan[] {
    return [...this.plans];
  }
}

interface WeightSite {
  readonly forms: WeightForms;
  readonly exemptions: Pick<Exemptions, "edges">;
  /** The graph inside an operator that the nodes stand in. */
  readonly within?: GraphPlace;
  report(finding: Diagnostic): void;
}

/** The form of each weight operand that a rule decided on, by {@link edgeKey}. */
export function planWeights(
  views: readonly NodeView[],
  { forms, exemptions, within, report }: WeightSite,
): ReadonlyMap<string, WeightPlan> {
  const plans = new Map<string, WeightPlan>();
  const unfit = new UnfitWeights();
  for (const { node, operands, decisions } of views) {
    for (const operand of operands) {
      if (operand.kind !== "weight" || !decisions.weights || exemptions.edges.has(edgeKey(node, operand.index))) continue;
      const { name, value } = operand;
      const { rule } = decisions.weights;
      const weight = { name, shape: (value.data as TensorData).shape, axes: operand.axes };
      const request = weightRequest(decisions.weights, weight, {
        refused: (finding) => report({ ...finding, where: { ...finding.where, node: `${within?.path ?? ""}${node.name}` } }),
        replaced: (blockSize, extent) => unfit.add(rule.decidedBy, name, { blockSize, extent }),
      });
      plans.set(
        edgeKey(node, operand.index),
        forms.add(operand, { node, index: operand.index, ...(within && { within }) }, request, rule.decidedBy),
      );
    }
  }
  for (const finding of unfit.findings()) report(finding);
  return plans;
}

interface Misfit {
  readonly blockSize: number;
  readonly extent: number;
}

/** Weights that blocks do not fit, gathered so that each rule and extent gives one finding. */
class UnfitWeights {
  private readonly found = new Map<string, Misfit & { readonly decidedBy: DecidedBy; readonly weights: Set<string> }>();

  add(decidedBy: DecidedBy, weight: string, misfit: Misfit): void {
    const key = `${decidedBy.rule} ${misfit.blockSize} ${misfit.extent}`;
    const known = this.found.get(key);
    if (known) known.weights.add(weight);
    else this.found.set(key, { ...misfit, decidedBy, weights: new Set([weight]) });
  }

  findings(): readonly Diagnostic[] {
    return [...this.found.values()].map(({ decidedBy, weights, blockSize, extent }) =>
      quantUnfit(placeOf(decidedBy), [...weights], blockSize, extent),
    );
  }
}

/** Identity of an operand of a node. */
export function edgeKey(node: Node, index: number): string {
  return `${node.id}:${index}`;
}
