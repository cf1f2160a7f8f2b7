import { type Backend, checkGraph, factsOf, type OperandView, quantizedValues, type Verdict, whyNotHeld } from "@vlm-export/backend-api";
import type { Diagnostic, Graph, Node, Value } from "@vlm-export/ir";

/** Verdicts of all nodes and the findings that keep a target from taking the graph as decided. */
export interface CheckResult {
  readonly verdicts: readonly Verdict[];
  readonly rejections: readonly Diagnostic[];
}

/** Runs a backend's rules over one component; `view` gives planned types before quantization. */
export function checkComponent(backend: Backend, component: string, graph: Graph, view: OperandView = factsOf): CheckResult {
  const verdicts = checkGraph(component, graph, backend.capabilities.rules, view);
  const rejections = verdicts.filter(({ verdict }) => verdict === "reject").map((verdict) => rejection(backend.name, verdict, view));
  return { verdicts, rejections };
}

const FLOAT_HINT = "Leave this target out, or export the model without this operator: it is float already, so the recipe cannot help.";
const INTEGER_HINT =
  "Leave this target out, change the recipe for this node, or set onLoss: fallback to keep it in float where the target can.";

function rejection(backend: string, { component, node, rule, reason, source }: Verdict, view: OperandView): Diagnostic {
  return {
    code: "VX-CHECK-REJECTED",
    severity: "error",
    message: `${node.op} cannot be emitted: ${reason} (rule ${rule}, source: ${source}).`,
    hint: hasIntegers(node, view) ? INTEGER_HINT : FLOAT_HINT,
    where: { stage: "check", backend, component, node: node.name },
  };
}

function hasIntegers(node: Node, view: OperandView): boolean {
  const isQuantized = (value: Value | null, operand: string): boolean => value !== null && view(value, node, operand).mode !== undefined;
  return node.inputs.some((value, i) => isQuantized(value, `${i}`)) || node.outputs.some((value, i) => isQuantized(value, `out${i}`));
}

/** Quantized values whose storage, granularity or block size the target does not hold, with the reason. */
export function unholdable(backend: Backend, graph: Graph): readonly { readonly value: Value; readonly reason: string }[] {
  return quantizedValues(graph).flatMap((value) => {
    const reason = whyNotHeld(backend, value);
    return reason === undefined ? [] : [{ value, reason }];
  });
}

/** One finding per value that a target cannot hold. */
export function capabilityFindings(backend: Backend, component: string, graph: Graph): readonly Diagnostic[] {
  return unholdable(backend, graph).map(
    ({ value, reason }): Diagnostic => ({
      code: "VX-CHECK-CAPABILITY",
      severity: "error",
      message: `target ${backend.name} cannot hold the value as decided: ${reason}.`,
      hint: "Change the recipe, or set onLoss: fallback to keep such values in float for this target.",
      where: { stage: "check", backend: backend.name, component, value: value.name },
    }),
  );
}
