import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { TargetReport } from "@vlm-export/schemas";
import { verifyNoTargets, verifyRejected } from "./errors.js";

/**
 * Targets whose artifacts the run that wrote `dist` rejected, by its report; `proven` are those in its manifest. Without a report that
 * can be read there are none. Throws VX-VERIFY-NO-TARGETS, of kind verify, where nothing is proven.
 */
export function rejectedTargets(dist: string, report: RecordedRun | undefined, proven: readonly string[]): ReadonlyMap<string, Diagnostic> {
  const targets = Object.entries(report?.targets ?? {}).filter(([name]) => !proven.includes(name));
  const rejected = targets.filter(([, target]) => target?.status === "failed").map(([name]) => [name, verifyRejected(name, dist)] as const);
  if (proven.length > 0) return new Map(rejected);
  const names = targets.map(([name]) => name);
  throw new VxError([verifyNoTargets(dist, names), ...rejected.map(([, diagnostic]) => diagnostic)], { kind: "verify" });
}

/** What is read of a target in a report, of which nothing is certain. */
export type RecordedTarget = Partial<Pick<TargetReport, "status" | "files" | "proof">>;

/** What is read of a report, of which nothing is certain. */
export interface RecordedRun {
  readonly graphHash?: string;
  readonly recipeHash?: string;
  readonly targets?: Readonly<Record<string, RecordedTarget | null>>;
}

/** The report.json of an output folder, empty where it is damaged; undefined where there is none. */
export function recordedRun(dist: string): RecordedRun | undefined {
  const path = join(dist, "report.json");
  if (!existsSync(path)) return undefined;
  try {
    const report: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof report === "object" && report !== null ? report : {};
  } catch {
    return {};
  }
}
