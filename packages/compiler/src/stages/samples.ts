import { type Model, onlyComponent } from "@vlm-export/ir";
import type { Recipe } from "@vlm-export/recipe";
import { loadSamples, type Sample, type SampleSet } from "@vlm-export/samples";
import type { LabelledSample } from "@vlm-export/verify";
import { verifyNoLabels } from "../errors.js";
import type { RunSite } from "../run-site.js";

/** Samples in which the artifact is compared with float. */
const VERIFY_SAMPLES = 16;
/** Samples in which every layer is compared. */
const LAYER_SAMPLES = 2;

/** Samples one after the other. */
export type SampleStream = AsyncIterable<Sample>;

/** The recipe's calibration data. */
export function calibrationSamples(run: RunSite, float: Model): Promise<SampleSet> {
  const { data = "random", samples } = run.request.recipe.calibration;
  return open(run, float, data, samples);
}

/** Data to run the artifact on: the calibration data, else the evaluation data, else seeded random numbers. */
export function verificationSamples(run: RunSite, float: Model): Promise<SampleSet> {
  return open(run, float, verificationData(run.request.recipe), VERIFY_SAMPLES);
}

export function layerSamples(run: RunSite, float: Model): Promise<SampleSet> {
  return open(run, float, verificationData(run.request.recipe), LAYER_SAMPLES);
}

/** What {@link verificationSamples} reads. */
function verificationData({ calibration, eval: evaluation }: Recipe): string {
  return calibration.data ?? evaluation?.data ?? "random";
}

function open({ request }: RunSite, float: Model, source: string, limit: number): Promise<SampleSet> {
  const { recipe, modelPath, signal } = request;
  const { image } = recipe.model;
  return loadSamples(source, {
    inputs: onlyComponent(float).inputs,
    modelPath,
    limit,
    seed: recipe.calibration.seed,
    ...(image && { image }),
    ...(signal && { signal }),
  });
}

/** The recipe's labelled data; undefined when it names none. */
export async function evaluationSamples({ request }: RunSite, float: Model): Promise<AsyncIterable<LabelledSample> | undefined> {
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
export async function labelledSamples({
  float,
  modelPath,
  image,
  data,
  labels,
  limit,
  signal,
}: LabelledSource): Promise<AsyncIterable<LabelledSample>> {
  const set = await loadSamples(data, {
    inputs: onlyComponent(float).inputs,
    modelPath,
    labels: "required",
    ...(labels !== undefined && { labelsFile: labels }),
    ...(limit !== undefined && { limit }),
    ...(image && { image }),
    ...(signal && { signal }),
  });
  return labelled(set, data);
}

async function* labelled(set: SampleSet, data: string): AsyncGenerator<LabelledSample> {
  for await (const { name, tensors, label } of set) {
    if (label === undefined) throw verifyNoLabels(data);
    yield { name, tensors, label };
  }
}
