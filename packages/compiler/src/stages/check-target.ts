import { type Backend, checkGraph, factsOf, type OperandView, quantizedValues, type Verdict, whyNotHeld } from "@vlm-export/backend-api";
import type { Diagnostic, Graph, Value } from "@vlm-export/ir";
import { checkCapability, checkRejected } from "../errors.js";

/** Verdicts of all nodes and the findings that keep a target from taking the graph as decided. */
export interface CheckResult {
  readonly verdicts: readonly Verdict[];
  readonly rejections: readonly Diagnostic[];
}

/** Runs a backend's rules over one component; `view` gives planned types before quantization. */
export function checkComponent(backend: Backend, component: string, graph: Graph, view?: OperandView): CheckResult {
  const { rules } = backend.capabilities;
  const verdicts = checkGraph(component, graph, rules, view);
  const rejected = verdicts.filter(({ verdict }) => verdict === "reject");
  if (rejected.length === 0) return { verdicts, rejections: [] };
  const inFloat = new Map(checkGraph(component, graph, rules, floatFacts).map(({ node, verdict }) => [node, verdict]));
  const hintFor = ({ node }: Verdict): string => (inFloat.get(node) === "reject" ? WITHOUT_OPERATOR : IN_FLOAT);
  return { verdicts, rejections: rejected.map((verdict) => checkRejected(backend.name, verdict, hintFor(verdict))) };
}

const IN_FLOAT =
  "Leave this target out, change the recipe for this node, or set onLoss: fallback to keep it in float where the target can.";
const WITHOUT_OPERATOR = "The target has no form of it in float either: leave the target out, or export the model without that operator.";

/** What a node's operands are when nothing of it is quantized. */
const floatFacts: OperandView = (value) => factsOf({ ...value, type: { dtype: value.type.dtype, shape: value.type.shape } });

/** Quantized values whose storage, granularity or block size the target does not hold, with the reason. */
export function unholdable(backend: Backend, graph: Graph): readonly { readonly value: Value; readonly reason: string }[] {
  return quantizedValues(graph).flatMap((value) => {
    const reason = whyNotHeld(backend, value);
    return reason === undefined ? [] : [{ value, reason }];
  });
}

/** One finding per value that a target cannot hold. */
export function capabilityFindings(backend: Backend, component: string, graph: Graph): readonly Diagnostic[] {
  return unholdable(backend, graph).map(({ value, reason }) => checkCapability(backend.name, component, value.name, reason));
}
