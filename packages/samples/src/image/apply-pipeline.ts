import type { ImagePipeline, Size } from "./image-pipeline.js";
import { type Pixels, toGray, toRgb } from "./pixels.js";
import { resample } from "./resample.js";

/** Values of one picture, one plane per channel or interleaved. */
export interface ImageValues extends Size {
  readonly channels: number;
  readonly data: Float32Array;
}

/** Runs the steps on a picture. The values are those of 32-bit arithmetic: round(round(p · rescale − mean) / std). */
export function applyPipeline(
  pixels: Pixels,
  pipeline: ImagePipeline,
  target: { readonly channels: 1 | 3; readonly layout: "NCHW" | "NHWC" },
): ImageValues {
  const seen = pipeline.color === "gray" ? toGray(pixels) : pixels;
  const resized = resize(target.channels === 1 ? toGray(seen) : toRgb(seen), pipeline);
  const shaped = pipeline.crop ? centerCrop(resized, pipeline.crop) : resized;
  const { height, width, channels } = shaped;
  return { height, width, channels, data: values(shaped, pipeline, target.layout) };
}

/** The size before the crop: shorter side to `shortestEdge`, the longer truncated to a whole number. */
export function resizedSize({ height, width }: Size, resize: NonNullable<ImagePipeline["resize"]>): Size {
  if ("to" in resize) return resize.to;
  if ("shortestEdge" in resize) {
    const edge = resize.shortestEdge;
    return height <= width
      ? { height: edge, width: Math.trunc((edge * width) / height) }
      : { height: Math.trunc((edge * height) / width), width: edge };
  }
  const { cover } = resize;
  const byHeight = cover.height * width >= cover.width * height;
  return byHeight
    ? { height: cover.height, width: Math.trunc((cover.height * width) / height) }
    : { height: Math.trunc((cover.width * height) / width), width: cover.width };
}

function resize(pixels: Pixels, { resize: how, filter }: ImagePipeline): Pixels {
  if (!how) return pixels;
  const { height, width } = resizedSize(pixels, how);
  return resample(pixels, Math.max(width, 1), Math.max(height, 1), filter);
}

/** The middle; the first row is floor((height − target) / 2), which is negative where zeros come in. */
function centerCrop(pixels: Pixels, { height, width }: Size): Pixels {
  if (height === pixels.height && width === pixels.width) return pixels;
  const { channels, data } = pixels;
  const [top, left] = [Math.floor((pixels.height - height) / 2), Math.floor((pixels.width - width) / 2)];
  const out = new Uint8Array(height * width * channels);
  const from = Math.max(left, 0);
  const to = Math.min(left + width, pixels.width);
  for (let y = Math.max(top, 0); y < Math.min(top + height, pixels.height); y += 1) {
    const row = y * pixels.width;
    out.set(data.subarray((row + from) * channels, (row + to) * channels), ((y - top) * width + from - left) * channels);
  }
  return { height, width, channels, data: out };
}

function values({ height, width, channels, data }: Pixels, pipeline: ImagePipeline, layout: "NCHW" | "NHWC"): Float32Array {
  const out = new Float32Array(data.length);
  const plane = height * width;
  for (let channel = 0; channel < channels; channel += 1) {
    const source = pipeline.color === "BGR" ? channels - 1 - channel : channel;
    const table = valueTable(pipeline, channel);
    const [start, step] = layout === "NCHW" ? [channel * plane, 1] : [channel, channels];
    for (let i = 0, at = start; i < plane; i += 1, at += step) out[at] = table[data[i * channels + source] as number] as number;
  }
  return out;
}

/** The value of each 8-bit sample in a channel. */
export function valueTable({ rescale, mean, std }: ImagePipeline, channel: number): Float32Array {
  const [shift, divisor] = [Math.fround(pick(mean, channel) ?? 0), Math.fround(pick(std, channel) ?? 1)];
  return Float32Array.from({ length: 256 }, (_, sample) => Math.fround(Math.fround(sample * rescale) - shift) / divisor);
}

function pick(list: readonly number[] | undefined, channel: number): number | undefined {
  return list?.length === 1 ? list[0] : list?.[channel];
}
