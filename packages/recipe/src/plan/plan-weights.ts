import type { Diagnostic, Node, TensorData, Value } from "@vlm-export/ir";
import type { DecidedBy, Edge, WeightPlan, WeightRequest } from "../plan-types.js";
import type { NodeView } from "./node-view.js";
import { requestKey, scaleShapeOf, storedBytes, weightRequest } from "./weight-request.js";

/** Collects the quantized forms of constants; edges that ask for the same form of the same constant share it. */
export class WeightForms {
  private readonly forms = new Map<string, { plan: WeightPlan; edges: Edge[] }>();

  add(value: Value, edge: Edge, request: WeightRequest, decidedBy: DecidedBy): WeightPlan {
    const key = `${value.id} ${requestKey(request)}`;
    const known = this.forms.get(key);
    if (known) {
      known.edges.push(edge);
      return known.plan;
    }
    const data = value.data as TensorData;
    const scaleShape = scaleShapeOf(data.shape, request);
    const edges = [edge];
    const plan: WeightPlan = {
      value,
      edges,
      request,
      scaleShape,
      decidedBy,
      elements: data.shape.reduce((product, extent) => product * extent, 1),
      bytesBefore: data.byteLength,
      bytesAfter: storedBytes(data, request, scaleShape),
    };
    this.forms.set(key, { plan, edges });
    return plan;
  }

  get all(): readonly WeightPlan[] {
    return [...this.forms.values()].map(({ plan }) => plan);
  }
}

/** The form of each weight operand that a rule decided on. */
export function planWeights(
  views: readonly NodeView[],
  forms: WeightForms,
  report: (finding: Diagnostic) => void,
): ReadonlyMap<string, WeightPlan> {
  const plans = new Map<string, WeightPlan>();
  for (const { node, operands, decisions } of views) {
    for (const operand of operands) {
      if (operand.kind !== "weight" || !decisions.weights) continue;
      const { name, data } = operand.value;
      const weight = { name, shape: (data as TensorData).shape, axes: operand.axes };
      const request = weightRequest(decisions.weights, weight, (finding) =>
        report({ ...finding, where: { ...finding.where, node: node.name } }),
      );
      plans.set(
        edgeKey(node, operand.index),
        forms.add(operand.value, { node, index: operand.index }, request, decisions.weights.rule.decidedBy),
      );
    }
  }
  return plans;
}

/** Identity of an operand of a node. */
export function edgeKey(node: Node, index: number): string {
  return `${node.id}:${index}`;
}
