import type { Artifact, Session } from "@vlm-export/backend-api";
import { type Diagnostic, type TensorData, VxError } from "@vlm-export/ir";
import type { Accuracy, EngineReport, LayerReport } from "@vlm-export/schemas";
import type { SampleSet } from "@vlm-export/samples";
import { NumericComparison, type NumericError, topOneAccuracy } from "@vlm-export/verify";
import { verifyFar } from "../errors.js";
import type { RunSite } from "../run-site.js";
import { callHook, type TargetSite } from "@vlm-export/backend-api";
import { type FloatReference, openFloat, runReference } from "./float-session.js";
import type { ProveJob } from "./prove-target.js";
import { evaluationSamples, verificationSamples } from "./samples.js";

/** Numbers of the artifact on a real engine, and what came up on the way. */
export interface EngineFindings {
  readonly engine: EngineReport;
  readonly accuracy?: Accuracy;
  readonly findings: readonly Diagnostic[];
}

/**
 * Runs the artifact and the float model on the same samples. An engine that is not here, or lacks what the artifact needs (an error
 * of kind tool), is "not run", never a pass; one that refuses the artifact (kind verify) is "failed".
 */
export async function runOnEngine(run: RunSite, site: TargetSite, artifact: Artifact, job: ProveJob): Promise<EngineFindings> {
  const { backend, context } = site;
  const open = backend.open?.bind(backend);
  if (!open) return notRun("this backend names no engine that runs here");
  let session: Session;
  try {
    session = await callHook(backend, "open", () => open(artifact, context));
  } catch (error) {
    return withoutRun(error);
  }
  try {
    return await compared(run, session, { ...job, backend: backend.name });
  } finally {
    await session.close();
  }
}

/** Cosine below which an output is reported to be far from the float model's. */
const FAR = 0.95;

/** Data had to be made up and could not be. */
const NO_SOUND_DATA: readonly string[] = ["VX-CAL-RANDOM", "VX-VERIFY-RANDOM"];

/** What an error of the engine means for the artifact; others are thrown. */
function withoutRun(error: unknown): EngineFindings {
  if (error instanceof VxError && error.kind === "tool") return notRun(error.message, error.diagnostics);
  if (error instanceof VxError && error.kind === "verify")
    return { engine: { status: "failed", reason: error.message }, findings: error.diagnostics };
  throw error;
}

function notRun(reason: string, findings: readonly Diagnostic[] = []): EngineFindings {
  return { engine: { status: "not-run", reason }, findings: findings.map((found) => ({ ...found, severity: "warning" })) };
}

async function compared(
  run: RunSite,
  session: Session,
  { float, quantized, backend }: ProveJob & { readonly backend: string },
): Promise<EngineFindings> {
  let reference: FloatReference | undefined;
  try {
    reference = await openFloat(float, { ops: run.ops, signal: run.request.signal });
  } catch (error) {
    if (error instanceof VxError && error.kind === "tool") return notRun(`the float model: ${error.message}`, error.diagnostics);
    throw error;
  }
  if (!reference) return notRun("onnxruntime-node, which runs the float model, is not installed");
  try {
    const samples = await verificationSamples(run, float, session.inputShapes);
    const { outputs, count } = await compareOutputs(run, { session, reference }, samples);
    const accuracy = await taskAccuracy(run, { session, reference }, float);
    const worst = [...outputs.values()].toSorted((a, b) => a.cosine - b.cosine)[0];
    const engine: EngineReport = {
      status: "run",
      name: session.name,
      version: session.version,
      data: samples.source,
      samples: count,
      ...(worst && {
        cosine: worst.cosine,
        sqnrDb: Math.min(...[...outputs.values()].map(({ sqnrDb }) => sqnrDb)),
        maxAbsError: Math.max(...[...outputs.values()].map(({ maxAbsError }) => maxAbsError)),
      }),
      outputs: [...outputs].map(([value, error]) => layerOf(value, error)),
      layers: [...(await quantized.layers())],
    };
    const far = [...outputs].filter(([, { cosine }]) => !(cosine >= FAR));
    const findings = far.map(([value, { cosine }]) => verifyFar(backend, value, { cosine, limit: FAR }));
    return { engine: finite(engine), findings, ...(accuracy && { accuracy }) };
  } catch (error) {
    if (error instanceof VxError && NO_SOUND_DATA.includes(error.diagnostic.code))
      return notRun(`there is no data to run on: ${error.message}`, error.diagnostics);
    return withoutRun(error);
  } finally {
    await reference.close();
  }
}

interface Pair {
  readonly session: Session;
  readonly reference: FloatReference;
}

async function compareOutputs(
  run: RunSite,
  { session, reference }: Pair,
  samples: SampleSet,
): Promise<{ readonly outputs: ReadonlyMap<string, NumericError>; readonly count: number }> {
  const comparisons = new Map<string, NumericComparison>();
  let count = 0;
  for await (const { tensors } of samples) {
    run.request.signal?.throwIfAborted();
    const expected = await runReference(samples.isRandom, () => reference.run(tensors));
    const found = await session.run(tensors);
    for (const [name, tensor] of expected) {
      const comparison = comparisons.get(name) ?? new NumericComparison(run.kernels);
      comparisons.set(name, comparison);
      comparison.add(tensor, found.get(name) ?? missing(tensor));
    }
    count += 1;
  }
  return { outputs: new Map([...comparisons].map(([name, comparison]) => [name, comparison.result()])), count };
}

/** An output that the artifact does not have counts as wrong everywhere. */
function missing({ dtype }: TensorData): TensorData {
  return { dtype, shape: [0], byteLength: 0, bytes: () => new Uint8Array(0) };
}

async function taskAccuracy(run: RunSite, { session, reference }: Pair, float: ProveJob["float"]): Promise<Accuracy | undefined> {
  const samples = await evaluationSamples(run, float);
  if (!samples) return undefined;
  const { metric, float: before, quantized, n, interval95 } = await topOneAccuracy(reference, session, samples);
  return { metric, float: before, quantized, n, interval95: [...interval95] };
}

/** The report's form of a measured error. */
export function layerOf(value: string, { cosine, sqnrDb, maxAbsError }: NumericError): LayerReport {
  return { value, cosine, sqnrDb: Number.isFinite(sqnrDb) ? sqnrDb : null, maxAbsError };
}

/** JSON has no Infinity: an exact result has SQNR null. */
function finite(engine: EngineReport): EngineReport {
  const { sqnrDb } = engine;
  return { ...engine, ...(sqnrDb !== undefined && { sqnrDb: sqnrDb !== null && Number.isFinite(sqnrDb) ? sqnrDb : null }) };
}
