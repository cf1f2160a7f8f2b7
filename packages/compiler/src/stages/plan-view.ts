import { factsOf, type OperandFacts, type OperandView } from "@vlm-export/backend-api";
import type { ActivationRequest, Plan } from "@vlm-export/recipe";

/** What an operand will be once the plan is executed: lets compat rules decide on types alone, before a weight is read. */
export function planView(plan: Plan): OperandView {
  return (value, node, operand) => {
    const facts = factsOf(value);
    const nodePlan = plan.nodes.get(node);
    if (operand.startsWith("out")) {
      const group = nodePlan?.outputs[Number(operand.slice(3))];
      return group ? { ...facts, ...activationFacts(group.request) } : facts;
    }
    const decision = nodePlan?.inputs[Number(operand)];
    switch (decision?.kind) {
      case "activation":
        return { ...facts, ...activationFacts(decision.group.request) };
      case "weight": {
        const { storage, granularity, blockSize } = decision.weight.request;
        return { ...facts, dtype: storage, granularity, mode: "static", ...(blockSize !== undefined && { blockSize }) };
      }
      case "bias":
        return { ...facts, dtype: "i32", granularity: "channel", mode: "static" };
      default:
        return facts;
    }
  };
}

function activationFacts({ storage, granularity, mode }: ActivationRequest): Partial<OperandFacts> {
  return { dtype: storage, granularity, mode };
}
