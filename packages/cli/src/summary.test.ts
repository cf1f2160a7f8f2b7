import type { Report, ReportDiagnostic, TargetReport } from "@vlm-export/schemas";
import { expect, test } from "vitest";
import { summaryText } from "./summary.js";

function finding(severity: "error" | "warning"): ReportDiagnostic {
  return { code: `VX-TEST-${severity.toUpperCase()}`, severity, message: "m.", where: { stage: "verify" } };
}

/** A run whose only target ended so, with a finding of either severity. */
function reportOf(status: TargetReport["status"]): Report {
  return {
    schemaVersion: 1,
    tool: { name: "vlm-export", version: "0.0.0" },
    headline: [],
    graphHash: "",
    recipeHash: "",
    plan: { nodes: 1, quantizedNodes: 1, parameters: 1, quantizedParameters: 1, bytesBefore: 4, bytesAfter: 1, calibratedGroups: 0 },
    targets: { tflite: { status, diagnostics: [finding("warning"), finding("error")], files: [], lossLedger: [] } },
    crossTarget: { tensors: 0, different: 0 },
    gates: [],
    diagnostics: [],
    timings: {},
    peakRssBytes: 0,
  };
}

test("a gate that failed is told, and one that the recipe states and that was not measured", () => {
  const gates: Report["gates"] = [
    { gate: "minCosine", target: "tflite", status: "not-run", limit: 0.9, line: 3, reason: "no engine" },
    { gate: "maxDegradation", target: "tflite", status: "not-run", limit: 0.02, reason: "no data" },
    { gate: "maxDegradation", target: "null", status: "failed", limit: 0.02, reason: "check the labels" },
  ];
  const text = summaryText({ ...reportOf("ok"), gates }, { outDir: "dist", quiet: false });
  expect(text.split("\n").filter((line) => line.startsWith("gate"))).toEqual([
    "gate minCosine was not measured on tflite: no engine",
    "gate maxDegradation failed on null: check the labels",
  ]);
});

test.each([
  ["ok", { quiet: false }, ["tflite warning: VX-TEST-WARNING m."]],
  ["ok", { quiet: true }, []],
  ["failed", { quiet: false }, ["tflite failed: VX-TEST-ERROR m."]],
  ["failed", { quiet: true }, ["tflite failed: VX-TEST-ERROR m."]],
] as const)("of a target that is %s, with %o, the summary has its errors, else warnings unless it is quiet", (status, { quiet }, lines) => {
  const text = summaryText(reportOf(status), { outDir: "dist", quiet });
  expect(text.split("\n").filter((line) => line.includes("VX-TEST"))).toEqual(lines);
});
