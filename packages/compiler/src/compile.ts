import { availableParallelism } from "node:os";
import { FilePool } from "@vlm-export/formats/files";
import { confirmSources } from "@vlm-export/frontends";
import { type Diagnostic, type Model, modelHash, VxError } from "@vlm-export/ir";
import { createKernels, createPool } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { type Plan, planModel, type Recipe, withCalibrationData } from "@vlm-export/recipe";
import type { Report } from "@vlm-export/schemas";
import { compareAcrossTargets } from "@vlm-export/verify";
import type { FoundBackend } from "./discover.js";
import { interrupted } from "./errors.js";
import { type EventSink, stageClock } from "./events.js";
import { openOutputFolder, type OutputFolder } from "./output-folder.js";
import { buildReport } from "./report/build-report.js";
import { writeReport } from "./report/write-report.js";
import type { RunSite } from "./run-site.js";
import { hashConstants } from "./stages/hash-constants.js";
import { importModel, normalizeModel } from "./stages/import-model.js";
import { precheckTarget } from "./stages/plan-targets.js";
import { type QuantizedModel, quantizeModel } from "./stages/quantize-model.js";
import { proveTarget, reject, type TargetOutcome } from "./stages/prove-target.js";
import { checkData } from "./stages/samples.js";
import { checkTargetOptions, chosenBackends, unheardTargets } from "./targets.js";

export interface CompileRequest {
  readonly modelPath: string;
  readonly recipe: Recipe;
  /** True when the user named no recipe. */
  readonly byDefault: boolean;
  readonly targets: readonly string[];
  readonly outDir: string;
  /** How far the proof goes: not at all, decode and compare, or also run on a real engine. */
  readonly verify: "none" | "decode" | "run";
  /** JSONL file or folder instead of the recipe's calibration data. */
  readonly calibrationFile?: string;
  readonly backends: ReadonlyMap<string, FoundBackend>;
  /** Statistics of earlier runs; none when absent. */
  readonly cacheDir?: string;
  readonly tool: { readonly name: string; readonly version: string };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
  readonly onEvent?: EventSink;
  /** Receives warnings as they come up. */
  report?(diagnostic: Diagnostic): void;
}

export interface CompileResult {
  readonly report: Report;
  /** 0 fine, 1 a target refused the model, 3 a proof or gate failed. */
  readonly exitCode: 0 | 1 | 3;
}

/**
 * The twelve stages: import … quantize once, then check … verify for every target, then the report. The output folder appears
 * complete or not at all. Throws a VxError when nothing can be delivered: bad model, recipe or data, all targets refused.
 */
export async function compile(asked: CompileRequest): Promise<CompileResult> {
  const { calibrationFile } = asked;
  const request =
    calibrationFile === undefined ? asked : { ...asked, recipe: withCalibrationData(asked.recipe, calibrationFile, "--calibration") };
  const diagnostics: Diagnostic[] = [];
  const site: RunSite = {
    request,
    clock: stageClock(request.onEvent ?? (() => undefined)),
    ops: standardOps(),
    kernels: createKernels(),
    workers: createPool({ threads: availableParallelism() }),
    pool: new FilePool(),
    backends: chosenBackends(request.targets, request.backends),
    report(diagnostic) {
      diagnostics.push(diagnostic);
      request.report?.(diagnostic);
    },
  };
  try {
    return await deliver(site, diagnostics);
  } catch (error) {
    if (request.signal?.aborted && !(error instanceof VxError && error.kind !== "interrupted")) throw interrupted();
    throw error;
  } finally {
    await letGo(site);
  }
}

/** Closes files and ends threads; may be called again. */
async function letGo({ pool, workers }: RunSite): Promise<void> {
  pool.close();
  await workers.close();
}

async function deliver(site: RunSite, diagnostics: readonly Diagnostic[]): Promise<CompileResult> {
  const { request, clock } = site;
  const { float, plans } = await prepare(site);
  const refused = await clock.run("plan", () => precheck(site, float, plans));
  await clock.run("plan", () => checkData(site, float));
  site.workers.start();
  const output = openOutputFolder(request.outDir, site.report);
  try {
    const quantized = await quantizeModel(site, float, plans, output.scratch);
    try {
      return await proveAndReport(site, { float, refused, quantized, output, diagnostics });
    } finally {
      await quantized.dispose();
    }
  } catch (error) {
    if (!request.signal?.aborted) confirmSources(request.modelPath, site.pool); // explains whatever went wrong
    throw error;
  } finally {
    await letGo(site); // where open files are scarce, removing a folder needs some of theirs
    output.abort();
  }
}

interface Delivery {
  readonly float: Model;
  readonly refused: ReadonlyMap<string, TargetOutcome>;
  readonly quantized: QuantizedModel;
  readonly output: OutputFolder;
  readonly diagnostics: readonly Diagnostic[];
}

async function proveAndReport(site: RunSite, { float, refused, quantized, output, diagnostics }: Delivery): Promise<CompileResult> {
  const { request, clock } = site;
  const hashing = hashConstants(quantized.model.components.values(), site.workers);
  const outcomes = new Map<string, TargetOutcome>();
  for (const [name, { backend }] of site.backends) {
    request.signal?.throwIfAborted();
    outcomes.set(name, refused.get(name) ?? (await proveTarget(site, backend, { float, quantized, staging: output.staging })));
  }
  refuseWhenNothingIsLeft(outcomes);
  const decoded = new Map([...outcomes].flatMap(([name, outcome]) => (outcome.decoded ? [[name, outcome.decoded] as const] : [])));
  const crossTarget = compareAcrossTargets(decoded);
  await hashing;
  const graphHash = modelHash(quantized.model);
  const report = await clock.run("report", () => buildReport(site, { float, quantized, graphHash, outcomes, diagnostics, crossTarget }));
  for (const [name, { artifact }] of outcomes) if (artifact && report.targets[name]?.status === "failed") reject(artifact, output.staging);
  await clock.run("report", () => writeReport(output.staging, report, { site, float, quantized, graphHash, outcomes }));
  request.signal?.throwIfAborted();
  confirmSources(request.modelPath, site.pool);
  output.commit();
  return { report, exitCode: exitCodeOf(report) };
}

async function prepare(site: RunSite): Promise<{ readonly float: Model; readonly plans: ReadonlyMap<string, Plan> }> {
  const { request, clock } = site;
  const importSite = { ops: site.ops, pool: site.pool, report: site.report, ...(request.signal && { signal: request.signal }) };
  for (const diagnostic of request.recipe.diagnostics) site.report(diagnostic);
  checkTargetOptions(site.backends, request.recipe);
  for (const diagnostic of unheardTargets(request.recipe, request.backends)) site.report(diagnostic);
  const model = await clock.run("import", () => importModel(request.modelPath, importSite));
  const float = await clock.run("normalize", () => normalizeModel(model, request.recipe.model.shapes, importSite));
  const plans = await clock.run("plan", () => planModel(float, request.recipe, { ops: site.ops }));
  for (const plan of plans.values()) for (const diagnostic of plan.diagnostics) site.report(diagnostic);
  return { float, plans };
}

/** Targets whose rules already reject the planned types; when all do, nothing is read and nothing written. */
function precheck(site: RunSite, float: Model, plans: ReadonlyMap<string, Plan>): ReadonlyMap<string, TargetOutcome> {
  const refused = new Map<string, TargetOutcome>();
  if (site.request.recipe.onLoss !== "refuse") return refused;
  for (const [name, { backend }] of site.backends) {
    const diagnostics = precheckTarget(backend, float, plans);
    if (diagnostics.length > 0) refused.set(name, { status: "refused", backend: name, diagnostics });
  }
  if (refused.size === site.backends.size) refuseWhenNothingIsLeft(refused);
  return refused;
}

function refuseWhenNothingIsLeft(outcomes: ReadonlyMap<string, TargetOutcome>): void {
  const all = [...outcomes.values()];
  if (all.length === 0 || all.some(({ status }) => status !== "refused")) return;
  throw new VxError(all.flatMap(({ diagnostics }) => diagnostics.filter(({ severity }) => severity === "error")));
}

function exitCodeOf({ targets, gates }: Report): 0 | 1 | 3 {
  const states = Object.values(targets).map(({ status }) => status);
  if (states.includes("failed") || gates.some(({ status }) => status === "failed")) return 3;
  return states.includes("refused") ? 1 : 0;
}
