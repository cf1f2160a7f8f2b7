import type { Report } from "@vlm-export/schemas";
import { bytesText, table } from "./table.js";

/** What a run gave, for the terminal: one row per target, then gates that failed, then where it lies. */
export function summaryText(report: Report, outDir: string): string {
  const rows = Object.entries(report.targets).map(([name, { status, files, proof, engine, accuracy }]) => [
    name,
    status,
    bytesText(files.reduce((sum, file) => sum + file.sizeBytes, 0)),
    proof ? `${proof.tensorsCompared - proof.tensorsDifferent}/${proof.tensorsCompared} equal` : "not run",
    engine?.status === "run" ? `${engine.name} ${engine.version}` : "not run",
    engine?.cosine?.toFixed(5) ?? "",
    engine?.sqnrDb === null ? "exact" : (engine?.sqnrDb?.toFixed(1) ?? ""),
    accuracy ? `${(accuracy.quantized * 100).toFixed(2)} % (float ${(accuracy.float * 100).toFixed(2)} %, n = ${accuracy.n})` : "",
  ]);
  const { plan, crossTarget } = report;
  return [
    ...report.headline,
    table(["target", "status", "size", "integers and scales", "engine", "cosine", "SQNR dB", "accuracy"], rows),
    `${plan.quantizedNodes} of ${plan.nodes} nodes quantized, constants ${bytesText(plan.bytesBefore)} → ${bytesText(plan.bytesAfter)}`,
    ...(crossTarget.tensors > 0
      ? [`${crossTarget.tensors - crossTarget.different} of ${crossTarget.tensors} tensors are equal across targets`]
      : []),
    ...report.gates
      .filter(({ status }) => status === "failed")
      .map(
        (gate) =>
          `gate ${gate.gate} failed on ${gate.target}: ${gate.value?.toPrecision(5)}, limit ${gate.limit}${gate.worstLayers ? `; worst layers: ${gate.worstLayers.join(", ")}` : ""}`,
      ),
    ...Object.entries(report.targets).flatMap(([name, { status, diagnostics }]) =>
      status === "ok"
        ? []
        : diagnostics
            .filter(({ severity }) => severity === "error")
            .slice(0, 5)
            .map((found) => `${name} ${status}: ${found.code} ${found.message}`),
    ),
    `${Object.values(report.timings)
      .reduce((sum, seconds) => sum + seconds, 0)
      .toFixed(1)} s, peak memory ${bytesText(report.peakRssBytes)}; report: ${outDir}/report.md`,
  ].join("\n");
}
