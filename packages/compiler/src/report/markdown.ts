import { bytesText } from "@vlm-export/ir";
import type { GateResult, LayerReport, Outlier, Report, ReportDiagnostic, TargetReport } from "@vlm-export/schemas";

const MAX_LAYERS = 20;
const MAX_OUTLIERS = 10;
/** Channels named of one value. */
const MAX_CHANNELS = 8;

/** report.md: the report for people, worst first. Names are escaped, so that a tensor's name cannot become markup. */
export function reportMarkdown(report: Report): string {
  const lines = [
    "# vlm-export report",
    "",
    ...report.headline.map((line) => `> **${escape(line)}**`),
    ...(report.headline.length > 0 ? [""] : []),
    ...facts(report),
    "",
    "## Targets",
    "",
    ...row(["target", "status", "size", "tensors proven", "engine", "cosine", "SQNR", "accuracy (float)"]),
    ...row(Array.from({ length: 8 }, () => "---")),
    ...Object.entries(report.targets).flatMap(([name, target]) => row(targetCells(name, target))),
    "",
    ...gateLines(report.gates),
    ...Object.entries(report.targets).flatMap(([name, target]) => targetSection(name, target)),
    ...outlierLines(report.outliers ?? []),
    "## Time and memory",
    "",
    ...Object.entries(report.timings).map(([stage, seconds]) => `- ${stage}: ${seconds.toFixed(3)} s`),
    `- peak memory: ${bytesText(report.peakRssBytes)}`,
    "",
  ];
  return lines.join("\n");
}

function facts({ model, plan, recipe, calibration, graphHash, crossTarget, diagnostics }: Report): readonly string[] {
  return [
    ...(model ? [`- model: ${escape(model.name)}, ${(model.parameters / 1e6).toFixed(2)} M parameters`] : []),
    ...(recipe ? [`- recipe: ${escape(recipe.file)}${recipe.byDefault ? " (no recipe was given)" : ""}`] : []),
    `- quantized: ${plan.quantizedNodes} of ${plan.nodes} nodes, ${plan.quantizedParameters} of ${plan.parameters} parameters, constants ${bytesText(plan.bytesBefore)} → ${bytesText(plan.bytesAfter)}`,
    ...Object.entries(plan.keptValues ?? {}).map(([reason, count]) => `- kept as they are: ${count} values (${escape(reason)})`),
    ...(calibration
      ? [
          `- calibration: ${calibration.samples} samples of ${escape(calibration.data)}, ${calibration.method}${calibration.reused ? ", statistics reused" : ""}`,
        ]
      : []),
    `- graph: \`${graphHash}\``,
    ...(crossTarget.tensors > 0
      ? [`- across targets: ${crossTarget.tensors - crossTarget.different} of ${crossTarget.tensors} shared tensors are equal`]
      : []),
    ...diagnostics.filter(({ severity }) => severity === "warning").map(findingLine),
  ];
}

function outlierLines(outliers: readonly Outlier[]): readonly string[] {
  if (outliers.length === 0) return [];
  return [
    `## Outlier channels (${outliers.length} values)`,
    "",
    ...row(["value", "read by", "channels", "worst, standard deviations above the mean", "in a float16 part"]),
    ...row(Array.from({ length: 5 }, () => "---")),
    ...outliers
      .slice(0, MAX_OUTLIERS)
      .flatMap(({ value, node, channels, count, sigma, split }) =>
        row([escape(value), escape(node ?? ""), channelsText(channels, count), sigma.toFixed(1), split ? "yes" : "no"]),
      ),
    "",
  ];
}

function channelsText(channels: readonly number[], count: number): string {
  const named = channels.slice(0, MAX_CHANNELS);
  return count > named.length ? `${named.join(", ")} and ${count - named.length} more` : named.join(", ");
}

function targetCells(name: string, { status, files, proof, engine, accuracy }: TargetReport): readonly string[] {
  return [
    escape(name),
    status,
    bytesText(files.reduce((sum, file) => sum + file.sizeBytes, 0)),
    proof ? `${proof.tensorsCompared - proof.tensorsDifferent} of ${proof.tensorsCompared}` : "not run",
    ...engineCells(engine),
    accuracy ? `${percent(accuracy.quantized)} (${percent(accuracy.float)}), n = ${accuracy.n}` : "",
  ];
}

function engineCells(engine: TargetReport["engine"]): readonly string[] {
  if (engine?.status !== "run")
    return [`${engine?.status === "failed" ? "failed" : "not run"}${engine?.reason ? `: ${escape(engine.reason)}` : ""}`, "", ""];
  return [
    `${engine.name ?? ""} ${engine.version ?? ""}${engine.data === "random" ? " on random data" : ""}`,
    engine.cosine?.toFixed(6) ?? "",
    decibels(engine.sqnrDb),
  ];
}

function gateLines(gates: readonly GateResult[]): readonly string[] {
  if (gates.length === 0) return [];
  return [
    "## Gates",
    "",
    ...row(["gate", "target", "status", "limit", "value", "worst layers"]),
    ...row(Array.from({ length: 6 }, () => "---")),
    ...gates.flatMap((gate) =>
      row([
        gate.gate,
        escape(gate.target ?? ""),
        gate.status,
        String(gate.limit),
        gate.value?.toPrecision(6) ?? gate.reason ?? "",
        (gate.worstLayers ?? []).map(escape).join(", "),
      ]),
    ),
    "",
  ];
}

function targetSection(name: string, { files, proof, engine, diagnostics, lossLedger }: TargetReport): readonly string[] {
  return [
    `## ${escape(name)}`,
    "",
    ...files.map((file) => `- \`${escape(file.path)}\`: ${bytesText(file.sizeBytes)}, sha256 \`${file.sha256}\``),
    ...(proof?.constantsCompared === undefined
      ? []
      : [
          `- constants that are not quantized: ${proof.constantsCompared - (proof.constantsDifferent ?? 0)} of ${proof.constantsCompared} equal`,
        ]),
    ...(proof
      ? [
          `- decoded with ${proof.decoder}; re-encodings: ${
            Object.entries(proof.reencodings)
              .map(([kind, count]) => `${kind} ${count}`)
              .join(", ") || "none"
          }`,
        ]
      : []),
    ...defaultLines(engine),
    ...diagnostics.map(findingLine),
    ...lossLedger.map((loss) => `- loss: ${escape(loss.value)}: ${escape(loss.reason)} → ${loss.resolution}`),
    "",
    ...layerTable(engine?.layers ?? []),
  ];
}

function defaultLines(engine: TargetReport["engine"]): readonly string[] {
  const { status, cosine, sqnrDb } = engine?.defaults ?? {};
  if (status !== "run") return [];
  return [`- with the engine's settings left alone, on this processor: cosine ${cosine?.toFixed(6)}, SQNR ${decibels(sqnrDb)}`];
}

function findingLine(found: ReportDiagnostic): string {
  return `- ${found.severity} ${found.code}${placeOf(found)}: ${escape([found.message, found.hint ?? ""].join(" ").trimEnd())}`;
}

function placeOf({ where: { node, value } }: ReportDiagnostic): string {
  return node !== undefined ? ` node ${escape(node)}` : value !== undefined ? ` value ${escape(value)}` : "";
}

function layerTable(layers: readonly LayerReport[]): readonly string[] {
  if (layers.length === 0) return [];
  return [
    ...row(["layer (worst first)", "op", "role", "cosine", "SQNR", "max error"]),
    ...row(Array.from({ length: 6 }, () => "---")),
    ...layers
      .slice(0, MAX_LAYERS)
      .flatMap((layer) =>
        row([
          escape(layer.node ?? layer.value) + (layer.every === undefined ? "" : ` (1 of ${layer.every} elements)`),
          layer.op ?? "",
          escape(layer.role ?? ""),
          layer.cosine.toFixed(6),
          decibels(layer.sqnrDb),
          layer.maxAbsError.toPrecision(4),
        ]),
      ),
    "",
  ];
}

function row(cells: readonly string[]): readonly string[] {
  return [`| ${cells.join(" | ")} |`];
}

function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, "\\$&").replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

function decibels(sqnrDb: number | null | undefined): string {
  return sqnrDb === undefined ? "" : sqnrDb === null ? "exact" : `${sqnrDb.toFixed(2)} dB`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
