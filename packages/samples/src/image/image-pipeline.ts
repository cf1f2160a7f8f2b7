import type { ResampleFilter } from "./resample.js";

/** Height and width in pixels. */
export interface Size {
  readonly height: number;
  readonly width: number;
}

/** How a picture becomes the values of an input, step by step in this order. */
export interface ImagePipeline {
  /** Where the settings came from, for messages: a recipe or a preprocessor_config.json. */
  readonly source: string;
  /** Graph input that takes the picture; absent = the only rank-4 float or uint8 input. */
  readonly input?: string;
  readonly color: "RGB" | "BGR" | "gray" | "any";
  /** Stretch to a size; bring the shorter side to a length, keeping the aspect; or just cover a size. Absent = as it is. */
  readonly resize?: { readonly to: Size } | { readonly shortestEdge: number } | { readonly cover: Size };
  readonly filter: ResampleFilter;
  /** Cut the middle; where the picture is smaller, zeros surround it. */
  readonly crop?: Size;
  /** Factor on the 0..255 samples. */
  readonly rescale: number;
  /** Per channel in the order of `color`; one number counts for all. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly layout?: "NCHW" | "NHWC";
}

/** `model.image` of a recipe. */
export interface ImageSettings {
  readonly input?: string;
  readonly size?: readonly number[];
  readonly shortestEdge?: number;
  readonly resize?: "nearest" | "bilinear" | "bicubic";
  readonly crop?: "center" | "none";
  readonly color?: "RGB" | "BGR" | "gray";
  readonly layout?: "NCHW" | "NHWC";
  readonly rescale?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

/** What the graph's input says of its pictures. */
export interface InputFacts {
  /** Where its extents are fixed. */
  readonly size?: Size;
  /** The usual factor on the 0..255 samples. */
  readonly rescale: number;
}

const FLOATS: InputFacts = { rescale: 1 / 255 };

/**
 * The pipeline that a recipe states. Defaults: size of the input, bilinear, center crop, color by the number of channels,
 * rescale 1/255 (1 where the input takes 8-bit integers), no normalization.
 */
export function pipelineOfSettings(settings: ImageSettings, source: string, facts: InputFacts = FLOATS): ImagePipeline {
  const { input, size, shortestEdge, resize, crop, color, layout, rescale, mean, std } = settings;
  const target = size ? { height: size[0] as number, width: size[1] as number } : facts.size;
  return {
    source,
    color: color ?? "any",
    filter: resize ?? "bilinear",
    rescale: rescale ?? facts.rescale,
    ...(input !== undefined && { input }),
    ...(target && sizing(target, shortestEdge, crop ?? "center")),
    ...(mean && { mean }),
    ...(std && { std }),
    ...(layout && { layout }),
  };
}

function sizing(target: Size, shortestEdge: number | undefined, crop: "center" | "none"): Pick<ImagePipeline, "resize" | "crop"> {
  if (crop === "none") return { resize: { to: target } };
  return { resize: shortestEdge === undefined ? { cover: target } : { shortestEdge }, crop: target };
}
