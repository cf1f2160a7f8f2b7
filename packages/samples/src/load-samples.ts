import { stat } from "node:fs/promises";
import { elementCount, type TensorData } from "@vlm-export/ir";
import { checkTensor } from "./check-tensor.js";
import { calFile, calImageSettings, calInput, calShape, calTwice, type SamplePlace } from "./errors.js";
import { type ImagePipeline, type ImageSettings, pipelineOfSettings } from "./image/image-pipeline.js";
import { findPreprocessor, readPreprocessor } from "./image/preprocessor.js";
import { checkNormalization, factsOfInput, type ImageInput, imageInputOf, imageTensor } from "./image-tensor.js";
import { findLabels, labelOf, namedClasses, readLabels } from "./labels.js";
import { type ModelInput, shapeText } from "./model-input.js";
import { readNpzTensors } from "./npz-tensors.js";
import { type RandomForm, randomTensors } from "./random-samples.js";
import { reasonOf } from "./read-bytes.js";
import { readEntries } from "./read-entries.js";
import type { SampleEntry } from "./sample-entry.js";

/** One set of inputs for the model. */
export interface Sample {
  /** `calibration.jsonl:3`, `pictures/a.png` of a folder, or `random:0`. */
  readonly name: string;
  /** The line that gives it, or the file of a folder; absent for random data. */
  readonly place?: SamplePlace;
  /** By input name; exactly the inputs of the model. */
  readonly tensors: ReadonlyMap<string, TensorData>;
  /** Class index; set when labels were asked for. */
  readonly label?: number;
}

export interface SampleOptions {
  /** Inputs of the model. */
  readonly inputs: readonly ModelInput[];
  /** `model.image` of the recipe; where it states a step, it wins over a preprocessor_config.json. */
  readonly image?: ImageSettings;
  /** Path of the model file: a preprocessor_config.json beside it or in the folder above is used for pictures. */
  readonly modelPath?: string;
  /** Most samples, from the first on; default all. For random data the number of samples (default 64). */
  readonly limit?: number;
  /** For random data. */
  readonly seed?: number;
  /** For random data: its form by input; see {@link randomForms}. */
  readonly forms?: ReadonlyMap<string, RandomForm>;
  /** none: labels are ignored; required: each sample has one. */
  readonly labels?: "none" | "required";
  /** JSON list of class names; default: one found beside the data. */
  readonly labelsFile?: string;
  /** How many classes the model tells apart; labels beyond them are refused. Default: not known. */
  readonly classCount?: number;
  readonly signal?: AbortSignal;
}

/** Samples that can be gone through several times; each is decoded when its turn comes, the next one ahead. */
export interface SampleSet extends AsyncIterable<Sample> {
  /** `random`, or the path of the JSONL file or folder. */
  readonly source: string;
  readonly size: number;
  readonly isRandom: boolean;
  /** Class names, where a list was found. */
  readonly classNames?: readonly string[];
  /** Names and versions of what has decoded pictures so far. */
  readonly decoders: ReadonlySet<string>;
}

const DEFAULT_RANDOM_SAMPLES = 64;

/**
 * Opens a data set: a JSONL file, a folder, or the word `random`. All lines up to the limit are parsed and the files that they name looked
 * up now, as those of a folder are, so that a wrong one fails before any work; tensors are made one sample at a time. Throws VX-CAL-*.
 */
export async function loadSamples(source: string, options: SampleOptions): Promise<SampleSet> {
  return source === "random" ? randomSet(options) : storedSet(source, options);
}

function randomSet({ inputs, limit = DEFAULT_RANDOM_SAMPLES, seed = 0, forms = new Map(), signal }: SampleOptions): SampleSet {
  const make = (index: number): Promise<Sample> =>
    Promise.resolve({ name: `random:${index}`, tensors: randomTensors(inputs, forms, { seed, sample: index }) });
  return { source: "random", size: limit, isRandom: true, decoders: new Set(), [Symbol.asyncIterator]: () => inOrder(limit, make, signal) };
}

async function storedSet(source: string, options: SampleOptions): Promise<SampleSet> {
  const { inputs, limit = Number.POSITIVE_INFINITY, labels = "none", signal } = options;
  const entries = await readEntries(source, limit);
  await checkFiles(entries);
  const classNames = labels === "required" ? await classNamesOf(source, options) : undefined;
  const classes = { names: classNames && namedClasses(classNames), count: options.classCount };
  const labelsOf = labels === "required" ? entries.map(({ label, place }) => labelOf(label, classes, place)) : undefined;
  const picture = await pictureOf(entries, options);
  const decoders = new Set<string>();
  const make = async (index: number): Promise<Sample> => {
    const entry = entries[index] as SampleEntry;
    const tensors = await tensorsOf(entry, inputs, { picture, onDecoder: (name) => decoders.add(name) });
    const label = labelsOf?.[index];
    return { name: nameOf(entry.place), place: entry.place, tensors, ...(label !== undefined && { label }) };
  };
  return {
    source,
    size: entries.length,
    isRandom: false,
    decoders,
    ...(classNames && { classNames }),
    [Symbol.asyncIterator]: () => inOrder(entries.length, make, signal),
  };
}

function nameOf({ file, line }: SamplePlace): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** Makes the samples in order; while the consumer works on one, the next is on its way. */
async function* inOrder(size: number, make: (index: number) => Promise<Sample>, signal: AbortSignal | undefined): AsyncGenerator<Sample> {
  let next: Promise<Sample> | undefined;
  try {
    for (let index = 0; index < size; index += 1) {
      signal?.throwIfAborted();
      const sample = await (next ?? make(index));
      next = index + 1 < size ? later(() => make(index + 1)) : undefined;
      yield sample;
    }
  } finally {
    // A consumer that stops early leaves a sample behind, whose failure is nobody's business any more.
    next?.catch(() => undefined);
  }
}

/** Starts the work after the current turn, so that the consumer gets its sample first; a failure waits until it is awaited. */
function later(work: () => Promise<Sample>): Promise<Sample> {
  const promise = new Promise<void>((resolve) => setImmediate(resolve)).then(work);
  promise.catch(() => undefined);
  return promise;
}

async function checkFiles(entries: readonly SampleEntry[]): Promise<void> {
  for (const { images, tensors, place } of entries)
    for (const path of [...images, ...(tensors === undefined ? [] : [tensors])]) {
      const facts = await stat(path).catch((cause: unknown) => {
        throw calFile(place, path, reasonOf(cause), cause);
      });
      if (!facts.isFile()) throw calFile(place, path, facts.isDirectory() ? "it is a folder" : "it is not a regular file");
    }
}

async function classNamesOf(source: string, { labelsFile }: SampleOptions): Promise<readonly string[] | undefined> {
  const path = labelsFile ?? (await findLabels(source));
  return path === undefined ? undefined : readLabels(path);
}

interface Picture {
  readonly target: ImageInput;
  readonly pipeline: ImagePipeline;
}

/** How pictures become tensors; only asked when some sample has one. */
async function pictureOf(entries: readonly SampleEntry[], { inputs, image, modelPath }: SampleOptions): Promise<Picture | undefined> {
  const first = entries.find(({ images }) => images.length > 0);
  if (!first) return undefined;
  const { place } = first;
  const config = image && statesSteps(image) ? undefined : modelPath && (await findPreprocessor(modelPath));
  if (config) return checkedPicture({ ...(await readPreprocessor(config)), ...whereOf(image) }, inputs, place);
  if (!image) throw calImageSettings(place, "how pictures become the input of this model is not stated.");
  const target = imageInputOf(inputs, pipelineOfSettings(image, "recipe"), place);
  return checkedPicture(pipelineOfSettings(image, "recipe", factsOfInput(target)), inputs, place);
}

/** Which input takes pictures, and how its axes lie, does not say what becomes of the pixels. */
function statesSteps(image: ImageSettings): boolean {
  return Object.entries(image).some(([key, value]) => value !== undefined && key !== "input" && key !== "layout");
}

function whereOf({ input, layout }: ImageSettings = {}): Pick<ImageSettings, "input" | "layout"> {
  return { ...(input !== undefined && { input }), ...(layout && { layout }) };
}

function checkedPicture(pipeline: ImagePipeline, inputs: readonly ModelInput[], place: SamplePlace): Picture {
  const target = imageInputOf(inputs, pipeline, place);
  checkNormalization(pipeline, target, place);
  return { target, pipeline };
}

async function tensorsOf(
  { images, tensors: npz, place }: SampleEntry,
  inputs: readonly ModelInput[],
  { picture, onDecoder }: { readonly picture: Picture | undefined; readonly onDecoder: (name: string) => void },
): Promise<ReadonlyMap<string, TensorData>> {
  const { tensors, names } = npz === undefined ? { tensors: new Map<string, TensorData>(), names: [] } : readNpzTensors(npz, inputs, place);
  const given = [...names];
  if (picture && images.length > 0) {
    const { name } = picture.target.input;
    if (tensors.has(name)) throw calTwice(place, name);
    tensors.set(name, await imageTensor(images, picture.target, { pipeline: picture.pipeline, place, onDecoder }));
    given.push(name);
  }
  const symbols = new Map<string, number>();
  for (const input of inputs) {
    const tensor = tensors.get(input.name);
    if (!tensor) throw calInput(place, input.name, given);
    checkTensor(tensor, input, place, { symbols, isPicture: images.length > 0 && input === picture?.target.input });
  }
  refuseEmpty(tensors, inputs, place);
  return tensors;
}

/** Some inputs may be empty, as a cache before the first token; where all are, nothing is measured. */
function refuseEmpty(tensors: ReadonlyMap<string, TensorData>, [input]: readonly ModelInput[], place: SamplePlace): void {
  if (!input || [...tensors.values()].some(({ shape }) => elementCount(shape) > 0)) return;
  const { name, type } = input;
  const given = shapeText(tensors.get(name)?.shape);
  throw calShape(place, { input: name, isPicture: false }, `${shapeText(type.shape)} with at least one element`, given);
}
