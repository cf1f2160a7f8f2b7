import { stat } from "node:fs/promises";
import path from "node:path";
import { calPreprocessor } from "../errors.js";
import { readBytes } from "../read-bytes.js";
import type { ImagePipeline, Size } from "./image-pipeline.js";
import type { ResampleFilter } from "./resample.js";

const FILE_NAME = "preprocessor_config.json";
const MAX_BYTES = 1 << 20;
/** Pillow's numbers. */
const FILTERS: readonly (ResampleFilter | undefined)[] = ["nearest", "lanczos", "bilinear", "bicubic", "box"];
/** Settings that would change the tensor in ways that the pipeline does not have. */
const UNKNOWN_STEPS = [
  "do_pad",
  "do_thumbnail",
  "do_align_long_axis",
  "do_image_splitting",
  "do_reduce_labels",
  "crop_pct",
  "rescale_offset",
  "max_pixels",
];
const EDGES_KEEPING_ASPECT = ["CLIP", "Siglip2", "Chinese", "Convnext", "LlavaNext"];

type Config = Readonly<Record<string, unknown>>;

/** The preprocessor_config.json beside the model file or in the folder above, if there is one. */
export async function findPreprocessor(modelPath: string): Promise<string | undefined> {
  const folder = path.dirname(modelPath);
  for (const candidate of [path.join(folder, FILE_NAME), path.join(folder, "..", FILE_NAME)]) {
    const facts = await stat(candidate).catch(() => undefined);
    if (facts?.isFile()) return candidate;
  }
  return undefined;
}

/**
 * The pipeline that a Hugging Face image processor file describes (resize, center crop, rescale, normalize). Throws
 * VX-CAL-PREPROCESSOR where it is damaged or asks for another step.
 */
export async function readPreprocessor(file: string): Promise<ImagePipeline> {
  const refuse = (message: string, cause?: unknown): Error => Object.assign(calPreprocessor(file, message), { cause });
  const bytes = await readBytes(file, MAX_BYTES, (reason, cause) => refuse(`cannot read the file: ${reason}.`, cause));
  return pipelineOf(parse(bytes, refuse), file, refuse);
}

type Refuse = (message: string, cause?: unknown) => Error;

function parse(bytes: Uint8Array, refuse: Refuse): Config {
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refuse("the file is not JSON.", cause);
  }
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw refuse("the file is not a JSON object.");
  return data as Config;
}

function pipelineOf(config: Config, source: string, refuse: Refuse): ImagePipeline {
  for (const key of UNKNOWN_STEPS) if (config[key]) throw refuse(`it asks for ${key}, which is not executed by this version.`);
  const resize = config["do_resize"] === false ? undefined : resizeOf(config, refuse);
  return {
    source,
    color: config["do_flip_channel_order"] === true ? "BGR" : "any",
    filter: filterOf(config, refuse),
    rescale: config["do_rescale"] === false ? 1 : (number(config, "rescale_factor", refuse) ?? 1 / 255),
    ...(resize && { resize }),
    ...(crops(config) && { crop: sizeOf(config["crop_size"], "crop_size", refuse) }),
    ...(config["do_normalize"] !== false && normalization(config, refuse)),
  };
}

function crops({ do_center_crop: stated, crop_size: size }: Config): boolean {
  return stated === true || (stated === undefined && size !== undefined);
}

function normalization(config: Config, refuse: Refuse): Pick<ImagePipeline, "mean" | "std"> {
  const [mean, std] = [numbers(config, "image_mean", refuse), numbers(config, "image_std", refuse)];
  return { ...(mean && { mean }), ...(std && { std }) };
}

function resizeOf(config: Config, refuse: Refuse): ImagePipeline["resize"] {
  const { size } = config;
  if (size === undefined) return undefined;
  const type = String(config["image_processor_type"] ?? config["feature_extractor_type"] ?? "");
  if (typeof size === "number")
    return EDGES_KEEPING_ASPECT.some((prefix) => type.startsWith(prefix))
      ? { shortestEdge: whole(size, "size", refuse) }
      : { to: sizeOf(size, "size", refuse) };
  if (typeof size === "object" && size !== null && "shortest_edge" in size) {
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

function filterOf(config: Config, refuse: Refuse): ResampleFilter {
  const number = config["resample"] ?? (/^(CLIP|Siglip|Blip)/.test(String(config["image_processor_type"])) ? 3 : 2);
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
