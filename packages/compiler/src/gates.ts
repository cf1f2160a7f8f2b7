import type { GateSettings } from "@vlm-export/recipe";
import type { GateResult, TargetReport } from "@vlm-export/schemas";

const WORST_LAYERS = 5;

/** Judges every target by the recipe's gates. What could not be measured is `not-run`, never passed. */
export function judgeGates(targets: Readonly<Record<string, TargetReport>>, gates: GateSettings): readonly GateResult[] {
  return Object.entries(targets)
    .filter(([, report]) => report.status === "ok")
    .flatMap(([target, report]) => [
      ...cosineGate(target, report, gates.minCosine),
      ...degradationGate(target, report, gates.maxDegradation),
    ]);
}

function cosineGate(target: string, { engine }: TargetReport, limit: number | undefined): readonly GateResult[] {
  if (limit === undefined) return [];
  if (engine?.cosine === undefined)
    return [{ gate: "minCosine", target, status: "not-run", limit, reason: engine?.reason ?? "the artifact was not run" }];
  return [verdict({ gate: "minCosine", target, limit, value: engine.cosine, passed: engine.cosine >= limit, engine })];
}

/** Relative loss of task accuracy: (float − quantized) / float. */
function degradationGate(target: string, { accuracy, engine }: TargetReport, limit: number): readonly GateResult[] {
  if (!accuracy) return [{ gate: "maxDegradation", target, status: "not-run", limit, reason: "the recipe names no eval.data" }];
  const value = accuracy.float > 0 ? (accuracy.float - accuracy.quantized) / accuracy.float : 0;
  return [verdict({ gate: "maxDegradation", target, limit, value, passed: value <= limit, engine })];
}

interface Measured {
  readonly gate: GateResult["gate"];
  readonly target: string;
  readonly limit: number;
  readonly value: number;
  readonly passed: boolean;
  readonly engine: TargetReport["engine"];
}

function verdict({ gate, target, limit, value, passed, engine }: Measured): GateResult {
  const worst = engine?.layers?.slice(0, WORST_LAYERS).map((layer) => layer.node ?? layer.value) ?? [];
  return {
    gate,
    target,
    status: passed ? "passed" : "failed",
    limit,
    value,
    ...(engine?.data === "random" && gate === "minCosine" && { reason: "measured on random data" }),
    ...(passed || worst.length === 0 ? {} : { worstLayers: worst }),
  };
}
