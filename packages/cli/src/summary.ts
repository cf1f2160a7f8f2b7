import { bytesText, textTable } from "@vlm-export/ir";
import type { GateResult, Report, TargetReport } from "@vlm-export/schemas";

const MAX_FINDINGS = 5;

interface SummaryOptions {
  readonly outDir: string;
  /** Without warnings. */
  readonly quiet: boolean;
}

/** What a run gave, for the terminal: one row per target, then gates that failed or were not measured and findings, then where it lies. */
export function summaryText(report: Report, options: SummaryOptions): string {
  const { plan, crossTarget } = report;
  const seconds = Object.values(report.timings).reduce((sum, stage) => sum + stage, 0);
  return [
    ...report.headline,
    textTable(
      ["target", "status", "size", "integers and scales", "engine", "cosine", "SQNR dB", "accuracy"],
      Object.entries(report.targets).map(([name, target]) => targetRow(name, target)),
    ),
    `${plan.quantizedNodes} of ${plan.nodes} nodes quantized, constants ${bytesText(plan.bytesBefore)} → ${bytesText(plan.bytesAfter)}`,
    ...(crossTarget.tensors > 0
      ? [`${crossTarget.tensors - crossTarget.different} of ${crossTarget.tensors} tensors are equal across targets`]
      : []),
    ...report.gates.filter(isTold).map(gateLine),
    ...Object.entries(report.targets).flatMap(([name, target]) => findingLines(name, target, options)),
    `${seconds.toFixed(1)} s, peak memory ${bytesText(report.peakRssBytes)}; report: ${options.outDir}/report.md`,
  ].join("\n");
}

function targetRow(name: string, { status, files, proof, engine, accuracy }: TargetReport): readonly string[] {
  return [
    name,
    status,
    bytesText(files.reduce((sum, file) => sum + file.sizeBytes, 0)),
    proof ? `${proof.tensorsCompared - proof.tensorsDifferent}/${proof.tensorsCompared} equal` : "not run",
    ...engineCells(engine),
    accuracy ? `${(accuracy.quantized * 100).toFixed(2)} % (float ${(accuracy.float * 100).toFixed(2)} %, n = ${accuracy.n})` : "",
  ];
}

function engineCells(engine: TargetReport["engine"]): readonly string[] {
  if (engine?.status !== "run") return [engine?.status === "failed" ? "failed" : "not run", "", ""];
  return [
    `${engine.name} ${engine.version}`,
    engine.cosine?.toFixed(5) ?? "",
    engine.sqnrDb === null ? "exact" : (engine.sqnrDb?.toFixed(1) ?? ""),
  ];
}

/** Gates that failed, and those that the recipe states and that were not measured. */
function isTold({ status, line }: GateResult): boolean {
  return status === "failed" || (status === "not-run" && line !== undefined);
}

function gateLine({ gate, target, status, value, limit, reason, worstLayers }: GateResult): string {
  if (status === "not-run") return `gate ${gate} was not measured on ${target}: ${reason}`;
  const found = value === undefined ? reason : `${value.toPrecision(5)}, limit ${limit}`;
  return `gate ${gate} failed on ${target}: ${found}${worstLayers ? `; worst layers: ${worstLayers.join(", ")}` : ""}`;
}

/** Errors of a target that did not succeed, warnings of one that did. */
function findingLines(
  name: string,
  { status, diagnostics, engine }: TargetReport,
  { quiet }: Pick<SummaryOptions, "quiet">,
): readonly string[] {
  if (engine?.status === "not-run") return engine.reason ? [`${name} was not run: ${engine.reason}`] : [];
  if (status === "ok" && quiet) return [];
  const [shown, severity] = status === "ok" ? (["warning", "warning"] as const) : ([status, "error"] as const);
  return diagnostics
    .filter((found) => found.severity === severity)
    .slice(0, MAX_FINDINGS)
    .map(({ code, message, hint, where: { node, value } }) => {
      const place = node !== undefined ? `node ${node}: ` : value !== undefined ? `value ${value}: ` : "";
      return `${name} ${shown}: ${code} ${place}${message}${hint === undefined ? "" : ` ${hint}`}`;
    });
}
