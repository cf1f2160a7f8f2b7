import { type Artifact, REJECTED_FOLDER } from "@vlm-export/backend-api";
import { allConstants, type Diagnostic, elementCount, type Model, storedByteLength } from "@vlm-export/ir";
import type { Plan } from "@vlm-export/recipe";
import type { CrossTarget, GateResult, PlanFacts, Report, ReportDiagnostic, TargetReport } from "@vlm-export/schemas";
import type { Proof } from "@vlm-export/verify";
import { judgeGates } from "../gates.js";
import type { RunSite } from "../run-site.js";
import type { TargetOutcome } from "../stages/prove-target.js";
import type { QuantizedModel } from "../stages/quantize-model.js";
import { peakMemoryBytes } from "./peak-memory.js";

export interface ReportParts {
  readonly float: Model;
  readonly quantized: QuantizedModel;
  readonly graphHash: string;
  readonly outcomes: ReadonlyMap<string, TargetOutcome>;
  readonly diagnostics: readonly Diagnostic[];
  readonly crossTarget: CrossTarget;
}

/** The report object: everything that was measured, nothing that was not. */
export function buildReport({ request, clock }: RunSite, parts: ReportParts): Report {
  const { float, quantized, graphHash, diagnostics, crossTarget } = parts;
  const { recipe } = request;
  const gates = judgeGates(parts.outcomes, request);
  const outcomes = judged(parts.outcomes, gates);
  const constants = [...float.components.values()].flatMap(allConstants);
  return {
    schemaVersion: 1,
    tool: { ...request.tool, node: process.version },
    headline: headlines({ ...parts, outcomes }, request),
    graphHash,
    recipeHash: recipe.hash,
    model: {
      name: float.name,
      source: request.modelPath,
      components: [...float.components.keys()],
      parameters: constants.reduce((sum, { data }) => sum + (data ? elementCount(data.shape) : 0), 0),
      bytes: storedByteLength(constants.flatMap(({ data }) => data ?? [])),
    },
    recipe: { file: recipe.file, extends: recipe.sources.slice(0, -1), byDefault: request.byDefault },
    plan: planFacts([...quantized.plans.values()]),
    ...(quantized.calibration && { calibration: quantized.calibration }),
    outliers: [...quantized.outliers],
    targets: Object.fromEntries([...outcomes].map(([name, outcome]) => [name, targetReport(outcome)])),
    crossTarget,
    gates: [...gates],
    diagnostics: diagnostics.map(plain),
    timings: { ...clock.timings() },
    peakRssBytes: peakMemoryBytes(),
  };
}

/** A target that fails a gate has failed, and its files lie where those of failed targets do. */
function judged(outcomes: ReportParts["outcomes"], gates: readonly GateResult[]): ReportParts["outcomes"] {
  const failed = new Set(gates.filter(({ status }) => status === "failed").map(({ target }) => target));
  return new Map([...outcomes].map(([name, outcome]) => [name, failed.has(name) ? { ...outcome, status: "failed" } : outcome]));
}

function headlines({ quantized, outcomes }: ReportParts, { byDefault, recipe, verify }: RunSite["request"]): string[] {
  const failed = [...outcomes].filter(([, { status }]) => status !== "ok").map(([name, { status }]) => `${name}: ${status}`);
  return [
    ...(quantized.calibration?.data === "random"
      ? ["Calibrated with RANDOM data: activation ranges mean nothing; use this for smoke tests only."]
      : []),
    ...([...outcomes.values()].some(({ engine }) => engine?.data === "random")
      ? ["The artifacts were run on RANDOM data: cosine and SQNR say nothing about real inputs."]
      : []),
    ...(byDefault ? [`No recipe was given: ${recipe.file} was used (weights only, no data).`] : []),
    ...(verify === "run" ? [] : [`Verification was limited to --verify ${verify}: the artifacts were not run.`]),
    ...failed,
  ];
}

function targetReport({ status, backend, diagnostics, artifact, proof, engine, accuracy }: TargetOutcome): TargetReport {
  return {
    status,
    backend,
    ...(artifact && { formatVersion: artifact.formatVersion }),
    diagnostics: diagnostics.map(plain),
    files: artifact ? filesOf(artifact, status) : [],
    ...(proof && { proof: proofReport(proof) }),
    ...(engine && { engine }),
    ...(accuracy && { accuracy }),
    lossLedger: (artifact?.losses ?? []).map((loss) => ({ ...loss })),
  };
}

/** Without the findings, which stand among those of the target. */
function proofReport({ diagnostics: _findings, reencodings, ...counts }: Proof): NonNullable<TargetReport["proof"]> {
  return { ...counts, reencodings: { ...reencodings } as Record<string, number> };
}

function filesOf({ backend, files }: Artifact, status: TargetOutcome["status"]): TargetReport["files"] {
  const folder = status === "failed" ? `${REJECTED_FOLDER}/${backend}` : backend;
  return files.map(({ path, sizeBytes, sha256 }) => ({ path: `${folder}/${path}`, sizeBytes, sha256 }));
}

function plain({ code, severity, message, hint, where }: Diagnostic): ReportDiagnostic {
  return { code, severity, message, ...(hint !== undefined && { hint }), where: { ...where } };
}

function planFacts(plans: readonly Plan[]): PlanFacts {
  const sum = (key: keyof Plan["summary"]): number => plans.reduce((total, { summary }) => total + summary[key], 0);
  return {
    nodes: sum("nodes"),
    quantizedNodes: sum("quantizedNodes"),
    parameters: sum("parameters"),
    quantizedParameters: sum("quantizedParameters"),
    bytesBefore: sum("bytesBefore"),
    bytesAfter: sum("bytesAfter"),
    calibratedGroups: sum("calibratedGroups"),
    keptValues: countBy(plans.flatMap(({ keptValues }) => keptValues.map(({ reason }) => [reason, 1] as const))),
    weightTypes: countBy(plans.flatMap(({ weights }) => weights.map(({ request, elements }) => [request.storage, elements] as const))),
    activationTypes: countBy(
      plans.flatMap(({ groups }) => groups.map(({ request, values, splits }) => [request.storage, values.length + splits.length] as const)),
    ),
  };
}

function countBy(pairs: readonly (readonly [key: string, count: number])[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const [key, count] of pairs) counts[key] = (counts[key] ?? 0) + count;
  return counts;
}
