import type { Dim } from "@vlm-export/ir";
import type { AttributeReader } from "./attributes.js";
import { axesOf } from "./axis.js";
import { opValue } from "./errors.js";
import type { InferCall, Shape } from "./op-call.js";
import { multiplyDims, numberOf } from "./shape-math.js";
import { numbersOf } from "./small-tensor.js";

/** What Resize does along one axis: output extent, and output over input extent as the coordinates use it. */
export interface AxisResize {
  readonly extent: number;
  readonly scale: number;
  /** Part of the axis that is resized, as fractions (only for tf_crop_and_resize). */
  readonly roi: readonly [start: number, end: number];
}

/** Sizes and scales of a Resize as given, one for each of `axes`. */
export interface ResizeRequest {
  readonly axes: readonly number[];
  readonly scales?: readonly number[];
  readonly sizes?: readonly number[];
  readonly roi?: readonly number[];
}

/** The axes that Resize names. Throws VX-OP-AXIS. */
export function resizeAxes(call: AttributeReader, rank: number): readonly number[] {
  return axesOf(call.op, call.numbers("axes") ?? Array.from({ length: rank }, (_, i) => i), rank);
}

/** Extent and scale of every axis of a static shape (ONNX Resize-19, with keep_aspect_ratio_policy). Throws VX-OP-VALUE. */
export function resizePlan(call: AttributeReader, shape: readonly number[], request: ResizeRequest): readonly AxisResize[] {
  const { axes, scales, sizes, roi } = request;
  for (const [name, list] of [["scales", scales] as const, ["sizes", sizes] as const])
    if (list && list.length !== axes.length)
      throw opValue("Resize", `the number of ${name}`, list.length, `${axes.length}, one for each axis`);
  const common = sizes && commonScale(call, shape, axes, sizes);
  return shape.map((extent, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { extent, scale: 1, roi: [0, 1] };
    const part: readonly [number, number] =
      roi && roi.length === 2 * axes.length ? [roi[i] as number, roi[i + axes.length] as number] : [0, 1];
    if (common !== undefined) return { extent: Math.floor(common * extent + 0.5), scale: common, roi: part };
    if (sizes) return { extent: sizes[i] as number, scale: (sizes[i] as number) / extent, roi: part };
    const scale = checkedScale(scales?.[i] as number);
    const cropped = call.text("coordinate_transformation_mode") === "tf_crop_and_resize" ? extent * (part[1] - part[0]) : extent;
    return { extent: Math.floor(cropped * scale), scale, roi: part };
  });
}

function checkedScale(scale: number): number {
  if (!(scale > 0) || !Number.isFinite(scale)) throw opValue("Resize", "a scale", scale, "a positive number");
  return scale;
}

function commonScale(
  call: AttributeReader,
  shape: readonly number[],
  axes: readonly number[],
  sizes: readonly number[],
): number | undefined {
  const policy = call.text("keep_aspect_ratio_policy");
  if (policy === "stretch") return undefined;
  const ratios = axes.map((axis, i) => (sizes[i] as number) / (shape[axis] as number));
  return policy === "not_larger" ? Math.min(...ratios) : Math.max(...ratios);
}

/** Output shape of a Resize from whatever is known. */
export function resizedShape(call: InferCall): Shape {
  const shape = call.shape(0);
  if (!shape) return undefined;
  const axes = resizeAxes(call, shape.length);
  const given = call.given(3) ? (call.elements(3) ?? []) : [];
  const sizes = given.length > 0 && call.text("keep_aspect_ratio_policy") === "stretch" ? given : undefined;
  if (sizes && sizes.length !== axes.length)
    throw opValue("Resize", "the number of sizes", sizes.length, `${axes.length}, one for each axis`);
  if (sizes) return shape.map((extent, axis) => (axes.includes(axis) ? (sizes[axes.indexOf(axis)] as Dim) : extent));
  const request = requestOf(call, axes, given);
  const numbers = shape.map(numberOf);
  if (!request) return shape.map((extent, axis) => (axes.includes(axis) ? call.freshDim() : extent));
  if (numbers.every((extent) => extent !== undefined)) return resizePlan(call, numbers, request).map(({ extent }) => extent);
  return shape.map((extent, axis) => scaledDim(extent, axes.includes(axis) ? request.scales?.[axes.indexOf(axis)] : 1) ?? call.freshDim());
}

/** Numeric sizes or scales with what else they need; undefined when something is not known. */
function requestOf(call: InferCall, axes: readonly number[], given: readonly Dim[]): ResizeRequest | undefined {
  const roi = constantNumbers(call, 1);
  const crops = call.text("coordinate_transformation_mode") === "tf_crop_and_resize" && call.given(1);
  if (crops && !roi) return undefined;
  const sizes = given.map(numberOf);
  const part = roi && { roi };
  if (sizes.length > 0) return sizes.every((size) => size !== undefined) ? { axes, sizes, ...part } : undefined;
  const scales = constantNumbers(call, 2);
  return scales && { axes, scales, ...part };
}

function scaledDim(extent: Dim, scale: number | undefined): Dim | undefined {
  if (scale === undefined) return undefined;
  if (typeof extent === "number") return Math.floor(extent * scale);
  return Number.isInteger(scale) ? multiplyDims(extent, scale) : undefined;
}

function constantNumbers(call: InferCall, index: number): readonly number[] | undefined {
  const data = call.constant(index);
  return data && data.byteLength > 0 ? Array.from(numbersOf(data)) : undefined;
}
