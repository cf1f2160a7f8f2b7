import { stat } from "node:fs/promises";
import path from "node:path";
import { calPreprocessor } from "../errors.js";
import { readBytes } from "../read-bytes.js";
import type { ImagePipeline, Size } from "./image-pipeline.js";
import { type Processor, processorOf, sizesByShare } from "./processors.js";
import type { ResampleFilter } from "./resample.js";

const FILE_NAME = "preprocessor_config.json";
/** Holds the same under `image_processor` since transformers 5; earlier ones say nothing of pictures there. */
const WHOLE_FILE_NAME = "processor_config.json";
const PART = "image_processor";
const MAX_BYTES = 1 << 20;
/** Pillow's numbers. */
const FILTERS: readonly (ResampleFilter | undefined)[] = ["nearest", "lanczos", "bilinear", "bicubic", "box"];
/** Settings that would change the tensor in ways that the pipeline does not have. */
const UNKNOWN_STEPS = [
  "crop_to_patches",
  "do_align_long_axis",
  "do_grayscale",
  "do_image_splitting",
  "do_pad",
  "do_pan_and_scan",
  "do_thumbnail",
  "include_top",
  "keep_aspect_ratio",
  "max_pixels",
  "rescale_offset",
  "size_divisor",
];
/** What crop_pct is where a ConvNext file does not give it. */
const USUAL_SHARE = 224 / 256;

type Config = Readonly<Record<string, unknown>>;

/** The preprocessor_config.json beside the model file or in the folder above, or a processor_config.json with that part, if there is one. */
export async function findPreprocessor(modelPath: string): Promise<string | undefined> {
  const folder = path.dirname(modelPath);
  for (const place of [folder, path.join(folder, "..")]) {
    const [own, whole] = [path.join(place, FILE_NAME), path.join(place, WHOLE_FILE_NAME)];
    if (await isFile(own)) return own;
    if ((await isFile(whole)) && (await holdsPart(whole))) return whole;
  }
  return undefined;
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

async function holdsPart(file: string): Promise<boolean> {
  const refuse = (message: string): Error => calPreprocessor(file, message);
  try {
    return parse(await readBytes(file, MAX_BYTES, refuse), refuse)[PART] !== undefined;
  } catch {
    return false;
  }
}

/**
 * The pipeline that a Hugging Face image processor file describes (resize, center crop, rescale, normalize). Throws
 * VX-CAL-PREPROCESSOR where it is damaged or asks for another step.
 */
export async function readPreprocessor(file: string): Promise<ImagePipeline> {
  const refuse = (message: string, cause?: unknown): Error => Object.assign(calPreprocessor(file, message), { cause });
  const bytes = await readBytes(file, MAX_BYTES, (reason, cause) => refuse(`cannot read the file: ${reason}.`, cause));
  const config = parse(bytes, refuse);
  return pipelineOf(config[PART] === undefined ? config : objectOf(config[PART], refuse), file, refuse);
}

type Refuse = (message: string, cause?: unknown) => Error;

function parse(bytes: Uint8Array, refuse: Refuse): Config {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("the file is not JSON.", cause);
  }
  return objectOf(data, refuse);
}

function objectOf(data: unknown, refuse: Refuse): Config {
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw refuse("it is not a JSON object.");
  return data as Config;
}

function pipelineOf(config: Config, source: string, refuse: Refuse): ImagePipeline {
  const name = config["image_processor_type"] ?? config["feature_extractor_type"];
  const processor = processorOf(typeof name === "string" ? name : undefined);
  if (!processor) throw refuse(`it is of a ${String(name)}, whose steps this version does not know.`);
  refuseOtherSteps(config, processor, refuse);
  return {
    source,
    color: (config["do_flip_channel_order"] ?? processor.flipsChannels) ? "BGR" : "any",
    filter: filterOf(config, processor, refuse),
    rescale: isOff(config["do_rescale"]) ? 1 : (number(config, "rescale_factor", refuse) ?? 1 / 255),
    ...sizes(config, processor, refuse),
    ...(!isOff(config["do_normalize"]) && normalization(config, refuse)),
  };
}

/** The processors that write null for a step leave it out; older files lack the words for steps that were always done. */
function isOff(step: unknown): boolean {
  return step === false || step === null;
}

function refuseOtherSteps(config: Config, { cut }: Processor, refuse: Refuse): void {
  const steps = cut === "byShare" ? UNKNOWN_STEPS : [...UNKNOWN_STEPS, "crop_pct"];
  for (const key of steps) if (config[key]) throw refuse(`it asks for ${key}, which is not executed by this version.`);
  const multiple = config["ensure_multiple_of"] ?? 1;
  if (multiple !== 1) throw refuse(`it asks for ensure_multiple_of ${JSON.stringify(multiple)}, which is not executed by this version.`);
}

function sizes(config: Config, processor: Processor, refuse: Refuse): Pick<ImagePipeline, "resize" | "crop"> {
  const resize = isOff(config["do_resize"]) ? undefined : resizeOf(config, processor, refuse);
  if (processor.cut === "byShare") {
    if (!resize) return {};
    if (!("shortestEdge" in resize)) throw refuse(`size is ${JSON.stringify(config["size"])}, expected shortest_edge.`);
    return sizesByShare(resize.shortestEdge, share(config, refuse));
  }
  return { ...(resize && { resize }), ...(crops(config, processor, refuse) && { crop: sizeOf(config["crop_size"], "crop_size", refuse) }) };
}

function share(config: Config, refuse: Refuse): number {
  const value = config["crop_pct"] ?? USUAL_SHARE;
  if (typeof value !== "number" || !(value > 0 && value <= 1))
    throw refuse(`crop_pct is ${JSON.stringify(value)}, expected a number above 0, at most 1.`);
  return value;
}

function crops({ do_center_crop: stated, crop_size: size }: Config, { cut }: Processor, refuse: Refuse): boolean {
  if (cut === "never") {
    if (stated === true) throw refuse("it asks for do_center_crop, which its processor does in some versions only.");
    return false;
  }
  if (cut === "usual" && stated === undefined && size === undefined) throw refuse("it has neither crop_size nor do_center_crop: false.");
  return stated === true || (stated === undefined && size !== undefined);
}

function normalization(config: Config, refuse: Refuse): Pick<ImagePipeline, "mean" | "std"> {
  const [mean, std] = [numbers(config, "image_mean", refuse), numbers(config, "image_std", refuse)];
  if (config["do_normalize"] === true && !(mean && std)) throw refuse("it asks for do_normalize, but it lacks image_mean or image_std.");
  return { ...(mean && { mean }), ...(std && { std }) };
}

function resizeOf(config: Config, { oneNumber }: Processor, refuse: Refuse): NonNullable<ImagePipeline["resize"]> {
  const { size } = config;
  if (size === undefined || size === null) throw refuse("it has no size to resize to, nor do_resize: false.");
  if (typeof size === "number" && oneNumber === "shortestEdge") return { shortestEdge: whole(size, "size", refuse) };
  if (typeof size === "object" && "shortest_edge" in size) {
    if ("longest_edge" in size) throw refuse("it bounds the longest edge too, which is not executed by this version.");
    return { shortestEdge: whole(size.shortest_edge, "size.shortest_edge", refuse) };
  }
  return { to: sizeOf(size, "size", refuse) };
}

function sizeOf(size: unknown, name: string, refuse: Refuse): Size {
  if (typeof size === "number") return { height: whole(size, name, refuse), width: whole(size, name, refuse) };
  if (Array.isArray(size) && size.length === 2) return { height: whole(size[0], name, refuse), width: whole(size[1], name, refuse) };
  if (typeof size !== "object" || size === null || !("height" in size) || !("width" in size))
    throw refuse(`${name} is ${JSON.stringify(size)}, expected height and width.`);
  return { height: whole(size.height, `${name}.height`, refuse), width: whole(size.width, `${name}.width`, refuse) };
}

function filterOf(config: Config, processor: Processor, refuse: Refuse): ResampleFilter {
  const number = config["resample"];
  if (number === undefined || number === null) return processor.filter;
  const filter = typeof number === "number" ? FILTERS[number] : undefined;
  if (!filter)
    throw refuse(`resample is ${JSON.stringify(number)}, expected 0 (nearest), 1 (lanczos), 2 (bilinear), 3 (bicubic) or 4 (box).`);
  return filter;
}

function whole(value: unknown, name: string, refuse: Refuse): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 16384)
    throw refuse(`${name} is ${JSON.stringify(value)}, expected a whole number from 1 to 16384.`);
  return value;
}

function number(config: Config, name: string, refuse: Refuse): number | undefined {
  const value = config[name];
  if (value === undefined) return undefined;
  if (typeof value !== "number" || !Number.isFinite(value)) throw refuse(`${name} is ${JSON.stringify(value)}, expected a number.`);
  return value;
}

function numbers(config: Config, name: string, refuse: Refuse): readonly number[] | undefined {
  const value = config[name];
  if (value === undefined || value === null) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const sound = list.every((item) => typeof item === "number" && Number.isFinite(item) && (name !== "image_std" || item > 0));
  if (!sound || list.length === 0 || list.length > 3)
    throw refuse(`${name} is ${JSON.stringify(value)}, expected 1 to 3 numbers${name === "image_std" ? " above 0" : ""}.`);
  return list as readonly number[];
}
