import { type Backend, contractProblems, resolveOptions } from "@vlm-export/backend-api";
import { standardOps } from "@vlm-export/ops";
import { compatRulesSchema, problemLine, problemsOf } from "@vlm-export/schemas";
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

/** `environment`: what the backend's programs may read of it, empty by default; `signal`: ends the run. */
export interface TestOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

const SUITES: readonly Suite[] = [roundTrip, determinism, tamper, numeric];

/** Runs the conformance kit on a backend: its contract, then every suite on every case that its rules accept. */
export async function testBackend(backend: Backend, options: TestOptions = {}): Promise<readonly ConformanceResult[]> {
  const contract = contractResults(backend);
  if (contract.some(({ status }) => status === "failed")) return contract;
  const kit: KitSite = {
    backend,
    ops: standardOps(),
    environment: options.environment ?? {},
    ...(options.signal && { signal: options.signal }),
  };
  const results: ConformanceResult[] = [...contract];
  for (const { name, build } of conformanceCases) {
    options.signal?.throwIfAborted();
    const reason = rejectionOf(kit, build(kit.ops));
    if (reason !== undefined) results.push({ suite: "rules", name, status: "rejected", detail: reason });
    else for (const suite of SUITES) results.push(await resultOf(suite, kit, { name, model: build(kit.ops) }));
  }
  const accepted = results.some(({ suite, status }) => suite === roundTrip.name && status === "passed");
  return accepted
    ? results
    : [...results, { suite: "rules", name: "accepts something", status: "failed", detail: "every case was rejected or failed" }];
}

async function resultOf(
  suite: Suite,
  kit: KitSite,
  { name, model }: { readonly name: string; readonly model: Parameters<Suite["check"]>[1] },
): Promise<ConformanceResult> {
  try {
    return { suite: suite.name, name, ...(await suite.check(kit, model)) };
  } catch (error) {
    kit.signal?.throwIfAborted();
    return { suite: suite.name, name, status: "failed", detail: error instanceof Error ? error.message : String(error) };
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
