import { type Graph, type Model, onlyComponent } from "@vlm-export/ir";
import type { Recipe } from "@vlm-export/recipe";
import { loadSamples, maskInputs, type ModelInput, type RandomForm, randomForms, type SampleSet } from "@vlm-export/samples";
import type { SampleSource, WeightPlace } from "@vlm-export/engine";
import type { LabelledSample } from "@vlm-export/verify";
import { verifyNoLabels } from "../errors.js";
import type { RunSite } from "../run-site.js";

/** Samples in which the artifact is compared with float; fewer where each run reads all weights from disk. */
export const VERIFY_SAMPLES: Readonly<Record<WeightPlace, number>> = { held: 16, mapped: 4 };
/** Samples in which every layer is compared. */
const LAYER_SAMPLES = 2;

/** The recipe's calibration data. */
export function calibrationSamples(run: RunSite, float: Model): Promise<SampleSet> {
  const { data = "random", samples } = run.request.recipe.calibration;
  return open(run, float, { source: data, limit: samples });
}

/**
 * Data to run the artifact on: `limit` samples of the calibration data, else of the evaluation data, else seeded random numbers in forms that the
 * model takes (`fixed`: shapes by input that the artifact takes). Throws VX-CAL-RANDOM when no sound form is known.
 */
export function verificationSamples(
  run: RunSite,
  float: Model,
  { limit, fixed }: { readonly limit: number; readonly fixed: ReadonlyMap<string, readonly number[]> | undefined },
): Promise<SampleSet> {
  return openSound(run, float, { limit, ...(fixed && { fixed }) });
}

export function layerSamples(run: RunSite, float: Model): Promise<SampleSet> {
  return openSound(run, float, { limit: LAYER_SAMPLES });
}

async function openSound(
  run: RunSite,
  float: Model,
  { limit, fixed }: { readonly limit: number; readonly fixed?: ReadonlyMap<string, readonly number[]> },
): Promise<SampleSet> {
  const source = verificationData(run.request.recipe);
  return open(run, float, { source, limit, ...(source === "random" && { forms: randomForms(onlyComponent(float), fixed) }) });
}

/** What {@link verificationSamples} reads. */
function verificationData({ calibration, eval: evaluation }: Recipe): string {
  return calibration.data ?? evaluation?.data ?? "random";
}

interface Source {
  /** A path, or `random`. */
  readonly source: string;
  readonly limit: number;
  readonly forms?: ReadonlyMap<string, RandomForm>;
}

function open({ request }: RunSite, float: Model, { source, limit, forms }: Source): Promise<SampleSet> {
  const { recipe, modelPath, signal } = request;
  const { image } = recipe.model;
  return loadSamples(source, {
    inputs: inputsOf(float),
    modelPath,
    limit,
    seed: recipe.calibration.seed,
    ...(forms && { forms }),
    ...(image && { image }),
    ...(signal && { signal }),
  });
}

function inputsOf(float: Model): readonly ModelInput[] {
  const graph = onlyComponent(float);
  const masks = maskInputs(graph);
  return graph.inputs.map((input) => ({ name: input.name, type: input.type, isMask: masks.has(input) }));
}

/** Looks at all data that a run on an engine reads: a wrong line or a file that is not there ends the run before the work. Throws VX-CAL-*. */
export async function checkData(run: RunSite, float: Model): Promise<void> {
  const { recipe, verify } = run.request;
  if (verify !== "run") return;
  if (verificationData(recipe) !== "random") await verificationSamples(run, float, { limit: VERIFY_SAMPLES.held, fixed: undefined });
  await evaluationSamples(run, float);
}

/** The recipe's labelled data; undefined when it names none. */
export async function evaluationSamples({ request }: RunSite, float: Model): Promise<LabelledSet | undefined> {
  const { eval: evaluation, model } = request.recipe;
  if (!evaluation) return undefined;
  const { data, labels, samples } = evaluation;
  return labelledSamples({
    float,
    modelPath: request.modelPath,
    image: model.image,
    data,
    ...(labels !== undefined && { labels }),
    ...(samples !== undefined && { limit: samples }),
    ...(request.signal && { signal: request.signal }),
  });
}

/** A sample with its class index, and what messages say of it. */
export type EvaluationSample = LabelledSample & SampleSource;

export interface LabelledSet extends AsyncIterable<EvaluationSample> {
  readonly size: number;
}

export interface LabelledSource {
  readonly float: Model;
  readonly modelPath: string;
  readonly image: Recipe["model"]["image"];
  readonly data: string;
  readonly labels?: string;
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Samples that all have a label. Throws VX-CAL-* and VX-VERIFY-NO-LABELS. */
export async function labelledSamples({ float, modelPath, image, data, labels, limit, signal }: LabelledSource): Promise<LabelledSet> {
  if (data === "random") throw verifyNoLabels(data);
  const classCount = classCountOf(onlyComponent(float));
  const set = await loadSamples(data, {
    inputs: inputsOf(float),
    modelPath,
    labels: "required",
    ...(labels !== undefined && { labelsFile: labels }),
    ...(classCount !== undefined && { classCount }),
    ...(limit !== undefined && { limit }),
    ...(image && { image }),
    ...(signal && { signal }),
  });
  return { size: set.size, [Symbol.asyncIterator]: () => labelled(set, data) };
}

/** Numbers that the first output has for one sample, its first axis being the batch where that is open; undefined when not known, or too few to be scores. */
function classCountOf({ outputs: [logits] }: Graph): number | undefined {
  const [batch, ...rest] = logits?.type.shape ?? [];
  const extents = typeof batch === "number" ? [batch, ...rest] : rest;
  if (!extents.every((extent) => typeof extent === "number")) return undefined;
  const count = extents.reduce<number>((product, extent) => product * Number(extent), 1);
  return count > 1 ? count : undefined;
}

/** The samples; `told` hears how many are done when the next is asked for. */
export async function* eachTold<S>(samples: AsyncIterable<S>, told: (done: number) => void): AsyncGenerator<S> {
  let done = 0;
  for await (const sample of samples) {
    yield sample;
    done += 1;
    told(done);
  }
}

async function* labelled(set: SampleSet, data: string): AsyncGenerator<EvaluationSample> {
  for await (const { label, ...sample } of set) {
    if (label === undefined) throw verifyNoLabels(data);
    yield { ...sample, label };
  }
}
