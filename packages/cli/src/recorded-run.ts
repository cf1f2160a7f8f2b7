import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { Report } from "@vlm-export/schemas";
import { verifyNoTargets, verifyRejected } from "./errors.js";

/**
 * Targets whose artifacts the run that wrote `dist` rejected, by its report.json; `proven` are those in its manifest. Without a report that
 * can be read there are none. Throws VX-VERIFY-NO-TARGETS, of kind verify, where nothing is proven.
 */
export function rejectedTargets(dist: string, proven: readonly string[]): ReadonlyMap<string, Diagnostic> {
  const targets = reportedTargets(dist).filter(([name]) => !proven.includes(name));
  const rejected = targets.filter(([, target]) => target?.status === "failed").map(([name]) => [name, verifyRejected(name, dist)] as const);
  if (proven.length > 0) return new Map(rejected);
  const names = targets.map(([name]) => name);
  throw new VxError([verifyNoTargets(dist, names), ...rejected.map(([, diagnostic]) => diagnostic)], { kind: "verify" });
}

function reportedTargets(dist: string): readonly (readonly [string, { readonly status?: unknown } | null])[] {
  try {
    const { targets } = JSON.parse(readFileSync(join(dist, "report.json"), "utf8")) as Partial<Report>;
    return Object.entries(targets ?? {});
  } catch {
    return [];
  }
}
