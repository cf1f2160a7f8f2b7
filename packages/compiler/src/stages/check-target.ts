import { type Backend, checkGraph, type OperandView, quantizedValues, type Verdict, whyNotHeld } from "@vlm-export/backend-api";
import type { Diagnostic, Graph, Value } from "@vlm-export/ir";

/** Verdicts of all nodes and the findings that keep a target from taking the graph as decided. */
export interface CheckResult {
  readonly verdicts: readonly Verdict[];
  readonly rejections: readonly Diagnostic[];
}

/** Runs a backend's rules over one component; `view` gives planned types before quantization. */
export function checkComponent(backend: Backend, component: string, graph: Graph, view?: OperandView): CheckResult {
  const verdicts = checkGraph(component, graph, backend.capabilities.rules, view);
  const rejections = verdicts.filter(({ verdict }) => verdict === "reject").map((verdict) => rejection(backend.name, verdict));
  return { verdicts, rejections };
}

function rejection(backend: string, { component, node, rule, reason, source }: Verdict): Diagnostic {
  return {
    code: "VX-CHECK-REJECTED",
    severity: "error",
    message: `${node.op} cannot be emitted: ${reason} (rule ${rule}, source: ${source}).`,
    hint: "Leave this target out, change the recipe for this node, or set onLoss: fallback to keep it in float where the target can.",
    where: { stage: "check", backend, component, node: node.name },
  };
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
