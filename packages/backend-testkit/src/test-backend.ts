import { readdirSync } from "node:fs";
import { type Backend, contractProblems, resolveOptions } from "@vlm-export/backend-api";
import { VxError } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { compatRulesSchema, problemLine, problemsOf } from "@vlm-export/schemas";
import { ConformanceError } from "./conformance-error.js";
import { conformanceCases } from "./cases/cases.js";
import { type KitSite, rejectionOf } from "./emit-case.js";
import { determinism } from "./suites/determinism.js";
import { numeric } from "./suites/numeric.js";
import { roundTrip } from "./suites/round-trip.js";
import type { Suite } from "./suites/suite.js";
import { tamper } from "./suites/tamper.js";

/** Result of one case of one suite. rejected: a rule of the backend does not take the case; not-run: there is no engine to run it. */
export interface ConformanceResult {
  readonly suite: string;
  readonly name: string;
  readonly status: "passed" | "failed" | "rejected" | "not-run";
  readonly detail?: string;
}

/**
 * `environment`: what the backend's programs may read of it, empty by default; `signal`: ends the run; `idleMs`: how long a hook may show no
 * progress on one of the small models, by default 20 s.
 */
export interface TestOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly idleMs?: number;
}

const IDLE_MS = 20_000;
const SUITES: readonly Suite[] = [roundTrip, determinism, tamper, numeric];

/** Runs the conformance kit on a backend: its contract, then every suite on every case that its rules accept; a hook that hangs ends it. */
export async function testBackend(backend: Backend, options: TestOptions = {}): Promise<readonly ConformanceResult[]> {
  const contract = contractResults(backend);
  if (contract.some(({ status }) => status === "failed")) return contract;
  const kit: KitSite = {
    backend,
    ops: standardOps(),
    environment: options.environment ?? {},
    idleMs: options.idleMs ?? IDLE_MS,
    ...(options.signal && { signal: options.signal }),
  };
  const results: ConformanceResult[] = [...contract];
  for await (const { isHanging, ...result } of caseResults(kit)) {
    results.push(result);
    if (isHanging) return results;
  }
  const accepted = results.some(({ suite, status }) => suite === roundTrip.name && status === "passed");
  return accepted
    ? results
    : [...results, { suite: "rules", name: "accepts something", status: "failed", detail: "every case was rejected or failed" }];
}

interface CaseResult extends ConformanceResult {
  /** A hook has been given up: it would hang on each further case, too. */
  readonly isHanging?: boolean;
}

async function* caseResults(kit: KitSite): AsyncGenerator<CaseResult> {
  for (const { name, build } of conformanceCases) {
    kit.signal?.throwIfAborted();
    const reason = rejectionOf(kit, build(kit.ops));
    if (reason !== undefined) yield { suite: "rules", name, status: "rejected", detail: reason };
    else for (const suite of SUITES) yield resultOf(suite, kit, { name, model: build(kit.ops) });
  }
}

async function resultOf(
  suite: Suite,
  kit: KitSite,
  { name, model }: { readonly name: string; readonly model: Parameters<Suite["check"]>[1] },
): Promise<CaseResult> {
  const before = new Set(readdirSync(process.cwd()));
  try {
    const note = await suite.check(kit, model);
    const strays = readdirSync(process.cwd()).filter((entry) => !before.has(entry));
    if (strays.length > 0) throw new ConformanceError(`files were written into the working folder: ${strays.join(", ")}`);
    return { suite: suite.name, name, ...note };
  } catch (error) {
    kit.signal?.throwIfAborted();
    const isHanging = error instanceof VxError && error.diagnostic.code === "VX-PLUGIN-TIMEOUT";
    const detail = error instanceof Error ? error.message : String(error);
    return { suite: suite.name, name, status: "failed", detail, ...(isHanging && { isHanging }) };
  }
}

function contractResults(backend: Backend): readonly ConformanceResult[] {
  const problems = contractProblems(backend);
  const contract: ConformanceResult = {
    suite: "contract",
    name: "backend object",
    status: problems.length === 0 ? "passed" : "failed",
    ...(problems.length > 0 && { detail: problems.join("; ") }),
  };
  if (problems.length > 0) return [contract];
  return [
    contract,
    { suite: "contract", name: "rules keep compat-rules.schema.json", ...rulesKeepSchema(backend) },
    { suite: "contract", name: "refuses unknown options", ...refusesUnknownOption(backend) },
  ];
}

function rulesKeepSchema({ capabilities }: Backend): { readonly status: "passed" | "failed"; readonly detail?: string } {
  const [problem] = problemsOf(compatRulesSchema, capabilities.rules);
  return problem ? { status: "failed", detail: `rules${problemLine(problem)}` } : { status: "passed" };
}

function refusesUnknownOption(backend: Backend): { readonly status: "passed" | "failed"; readonly detail?: string } {
  try {
    resolveOptions(backend, { "no-such-option": 1 });
    return { status: "failed", detail: "optionsSchema accepts an option that does not exist; set additionalProperties: false" };
  } catch {
    return { status: "passed" };
  }
}
