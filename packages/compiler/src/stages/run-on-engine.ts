import { type Artifact, openSession, type Session, type TargetSite } from "@vlm-export/backend-api";
import { engineLacks } from "@vlm-export/engine";
import { type Diagnostic, VxError } from "@vlm-export/ir";
import type { Accuracy, EngineReport } from "@vlm-export/schemas";
import type { Sample } from "@vlm-export/samples";
import { type NumericError, topOneAccuracy } from "@vlm-export/verify";
import { verifyFar, verifyHalf, verifyMapped, verifyOutput, verifyShape } from "../errors.js";
import type { RunSite } from "../run-site.js";
import { DefaultErrors } from "./default-errors.js";
import { type FloatReference, openFloat, runReference } from "./float-session.js";
import { layerOf, OutputErrors, worstOf } from "./output-errors.js";
import type { ProveJob } from "./prove-target.js";
import type { QuantizedModel } from "./quantize-model.js";
import { eachTold, type EvaluationSample, evaluationSamples, VERIFY_SAMPLES, verificationSamples } from "./samples.js";

/** Numbers of the artifact on a real engine, and what came up on the way. */
export interface EngineFindings {
  readonly engine: EngineReport;
  readonly accuracy?: Accuracy;
  readonly findings: readonly Diagnostic[];
}

/**
 * Runs the artifact and the float model on the same samples. An engine that is not here, or lacks what the artifact needs (an error
 * of kind tool), is "not run", never a pass; one that refuses the artifact (kind verify), or whose plugin crashes, is "failed".
 */
export async function runOnEngine(run: RunSite, site: TargetSite, artifact: Artifact, job: ProveJob): Promise<EngineFindings> {
  try {
    return await onSession(run, site, artifact, job);
  } catch (error) {
    return withoutRun(error);
  }
}

async function onSession(run: RunSite, site: TargetSite, artifact: Artifact, job: ProveJob): Promise<EngineFindings> {
  const session = await openSession(site, artifact);
  if (!session) return notRun("this backend names no engine that runs here");
  try {
    return await compared(run, { backend: site.backend.name, session }, job);
  } finally {
    await session.close();
  }
}

/** Cosine below which an output is reported to be far from the float model's. */
const FAR = 0.95;

/** Data had to be made up and could not be. */
const NO_SOUND_DATA: readonly string[] = ["VX-CAL-RANDOM", "VX-VERIFY-RANDOM"];

/** What is wrong with a plugin, whose artifact may be right. */
export const PLUGIN_FAULTS: ReadonlySet<string> = new Set(["VX-PLUGIN-CRASH", "VX-PLUGIN-TIMEOUT"]);

/** What an error of the engine means for the artifact; others are thrown. */
function withoutRun(error: unknown): EngineFindings {
  if (error instanceof VxError && error.kind === "tool") return notRun(error.message, error.diagnostics);
  if (error instanceof VxError && (error.kind === "verify" || PLUGIN_FAULTS.has(error.diagnostic.code)))
    return { engine: { status: "failed", reason: error.message }, findings: error.diagnostics };
  throw error;
}

function notRun(reason: string, findings: readonly Diagnostic[] = []): EngineFindings {
  return { engine: { status: "not-run", reason }, findings: findings.map((found) => ({ ...found, severity: "warning" })) };
}

async function compared(run: RunSite, opened: Opened, job: ProveJob): Promise<EngineFindings> {
  let reference: FloatReference | undefined;
  try {
    reference = await openFloat(job.float, { ops: run.ops, signal: run.request.signal });
  } catch (error) {
    if (error instanceof VxError && (error.kind === "tool" || engineLacks(error)))
      return notRun(`the float model: ${error.message}`, error.diagnostics);
    throw error;
  }
  if (!reference) return notRun("onnxruntime-node, which runs the float model, is not installed");
  try {
    return await measured(run, { ...opened, reference }, job);
  } catch (error) {
    if (error instanceof VxError && NO_SOUND_DATA.includes(error.diagnostic.code))
      return notRun(`there is no data to run on: ${error.message}`, error.diagnostics);
    throw error;
  } finally {
    await reference.close();
  }
}

async function measured(run: RunSite, pair: Pair, { float, quantized }: ProveJob): Promise<EngineFindings> {
  const { session, reference, backend } = pair;
  const samples = await verificationSamples(run, float, { limit: VERIFY_SAMPLES[reference.weights], fixed: session.inputShapes });
  const told = (total: number) => (done: number) =>
    run.request.onEvent?.({ kind: "stage-progress", stage: "verify", target: backend, done, total, unit: "samples" });
  const { outputs, byDefault, count } = await compareOutputs(run, pair, {
    samples: eachTold(samples, told(samples.size)),
    isRandom: samples.isRandom,
  });
  if ([...outputs.values()].every(({ elements }) => elements === 0))
    return notRun(`no output has an element on any sample of ${samples.source}: there is nothing to compare`);
  const labelled = await evaluationSamples(run, float);
  const accuracy = labelled && (await taskAccuracy(pair, eachTold(labelled, told(labelled.size))));
  const worst = worstOf(outputs);
  const engine: EngineReport = {
    status: "run",
    name: session.name,
    version: session.version,
    data: samples.source,
    samples: count,
    ...worst,
    outputs: [...outputs].map(([value, error]) => layerOf(value, error)),
    ...(byDefault && { defaults: byDefault.report() }),
    layers: [...(await quantized.layers())],
  };
  const findings = [
    ...outputFindings(backend, outputs, count),
    ...(byDefault?.findings(backend, worst) ?? []),
    ...halfFindings(backend, quantized),
    ...(reference.weights === "mapped" ? [verifyMapped(backend, count)] : []),
  ];
  return { engine, findings, ...(accuracy && { accuracy }) };
}

/** What outputs show that a reader must know. */
function outputFindings(backend: string, outputs: ReadonlyMap<string, NumericError>, samples: number): readonly Diagnostic[] {
  return [...outputs].flatMap(([value, { cosine, otherShapes }]) => [
    ...(cosine >= FAR ? [] : [verifyFar(backend, value, { cosine, limit: FAR })]),
    ...(otherShapes ? [verifyShape(backend, value, { ...otherShapes, samples })] : []),
  ]);
}

function halfFindings(backend: string, { plans }: QuantizedModel): readonly Diagnostic[] {
  const hasHalf = [...plans.values()].some(({ keeps, splits }) => splits.length > 0 || keeps.some(({ dtype }) => dtype === "f16"));
  return hasHalf ? [verifyHalf(backend)] : [];
}

interface Opened {
  readonly backend: string;
  readonly session: Session;
}

interface Pair extends Opened {
  readonly reference: FloatReference;
}

async function compareOutputs(
  run: RunSite,
  { session, reference, backend }: Pair,
  { samples, isRandom }: { readonly samples: AsyncIterable<Sample>; readonly isRandom: boolean },
): Promise<{ readonly outputs: ReadonlyMap<string, NumericError>; readonly byDefault: DefaultErrors | undefined; readonly count: number }> {
  const errors = new OutputErrors(run.kernels);
  const byDefault = session.defaults && new DefaultErrors(session.defaults, run.kernels);
  let count = 0;
  for await (const sample of samples) {
    const { tensors } = sample;
    run.request.signal?.throwIfAborted();
    const expected = await runReference(isRandom, () => reference.run(tensors, sample));
    const found = await session.run(tensors);
    const missing = [...expected.keys()].find((name) => !found.has(name));
    if (missing !== undefined) throw verifyOutput(backend, missing, [...found.keys()]);
    errors.add(expected, found);
    await byDefault?.add(expected, tensors);
    count += 1;
  }
  return { outputs: errors.result(), byDefault, count };
}

async function taskAccuracy({ session, reference }: Pair, samples: AsyncIterable<EvaluationSample>): Promise<Accuracy> {
  const { metric, float: before, quantized, n, interval95 } = await topOneAccuracy(reference, session, samples);
  return { metric, float: before, quantized, n, interval95: [...interval95] };
}
