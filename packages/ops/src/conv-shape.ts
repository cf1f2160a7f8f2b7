import type { Dim } from "@vlm-export/ir";
import type { AttributeReader } from "./attributes.js";
import { opAttribute, opExtent } from "./errors.js";
import { addDims, ceilDivideDim, floorDivideDim } from "./shape-math.js";

/** Sliding window along one spatial axis, in elements. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Undefined when they follow from the extent (auto_pad SAME_*). */
  readonly pads: readonly [begin: number, end: number] | undefined;
}

/** How padding follows from the extents; NOTSET = it is given. */
type AutoPad = "NOTSET" | "SAME_UPPER" | "SAME_LOWER" | "VALID";

/** The attributes that convolutions and pools share, for all spatial axes. */
export interface Windows {
  readonly op: string;
  readonly axes: readonly Window[];
  readonly autoPad: AutoPad;
  readonly ceilMode: boolean;
}

const AUTO_PADS: ReadonlySet<string> = new Set<AutoPad>(["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"]);

/** Reads strides, dilations, pads, auto_pad and ceil_mode for the given kernel extents. Throws VX-OP-ATTRIBUTE. */
export function windowsOf(call: AttributeReader, kernel: readonly number[]): Windows {
  const autoPad = oneOf(call, "auto_pad", AUTO_PADS, "NOTSET");
  const strides = perAxis(call, "strides", kernel.length, 1);
  const dilations = perAxis(call, "dilations", kernel.length, 1);
  const pads = listOf(call, "pads", 2 * kernel.length) ?? Array.from({ length: 2 * kernel.length }, () => 0);
  checkAtLeast(call.op, "kernel_shape", kernel, 1);
  const axes = kernel.map((extent, i): Window => {
    const explicit: readonly [number, number] = [pads[i] as number, pads[i + kernel.length] as number];
    const fixed: Window["pads"] = autoPad === "NOTSET" ? explicit : autoPad === "VALID" ? [0, 0] : undefined;
    return { kernel: extent, stride: strides[i] as number, dilation: dilations[i] as number, pads: fixed };
  });
  return { op: call.op, axes, autoPad: autoPad as AutoPad, ceilMode: call.int("ceil_mode", 0) !== 0 };
}

/** A text attribute with a closed set of values. Throws VX-OP-ATTRIBUTE. */
export function oneOf(call: AttributeReader, name: string, allowed: ReadonlySet<string>, fallback?: string): string {
  const value = call.text(name, fallback);
  if (!allowed.has(value)) throw opAttribute(call.op, name, JSON.stringify(value.slice(0, 80)), [...allowed].join(", "));
  return value;
}

/** A list attribute of the given length, undefined when absent or empty. Throws VX-OP-ATTRIBUTE. */
export function listOf(call: AttributeReader, name: string, length: number): readonly number[] | undefined {
  const list = call.numbers(name);
  if (!list || list.length === 0) return undefined;
  if (list.length !== length) throw opAttribute(call.op, name, `[${list.join(", ")}]`, `${length} integers`);
  return list;
}

function perAxis(call: AttributeReader, name: string, length: number, fallback: number): readonly number[] {
  const list = listOf(call, name, length) ?? Array.from({ length }, () => fallback);
  checkAtLeast(call.op, name, list, 1);
  return list;
}

function checkAtLeast(op: string, name: string, list: readonly number[], least: number): void {
  if (list.some((value) => value < least)) throw opAttribute(op, name, `[${list.join(", ")}]`, `integers of at least ${least}`);
}

/** (kernel − 1) · dilation + 1: input elements that one window spans. */
export function spanOf({ kernel, dilation }: Window): number {
  return (kernel - 1) * dilation + 1;
}

/**
 * Output extents of a convolution or pool (ONNX Conv, MaxPool): floor((x + pads − span) / stride) + 1, rounded up in ceil mode without
 * a window that would begin in the end padding; ceil(x / stride) for SAME_*. Throws VX-OP-EXTENT when the kernel does not fit.
 */
export function windowExtents(windows: Windows, extents: readonly Dim[], freshDim: () => string): readonly Dim[] {
  return windows.axes.map((window, i) => windowExtent(windows, window, extents[i] as Dim) ?? freshDim());
}

function windowExtent({ op, ceilMode }: Windows, window: Window, extent: Dim): Dim | undefined {
  if (!window.pads) return ceilDivideDim(extent, window.stride);
  const [begin, end] = window.pads;
  const room = addDims(extent, begin + end - spanOf(window));
  const least = ceilMode ? -window.stride : -1; // a window that hangs over the end of the input is rounded up to a whole one
  if (typeof room === "number" && room < least)
    throw opExtent(op, "the padded input", room + spanOf(window), `at least the ${spanOf(window)} elements that the kernel spans`);
  if (ceilMode) return typeof room === "number" ? ceilExtent(room, (extent as number) + begin, window.stride) : undefined;
  const steps = room === undefined ? undefined : floorDivideDim(room, window.stride);
  return steps === undefined ? undefined : addDims(steps, 1);
}

function ceilExtent(room: number, beginOfEndPad: number, stride: number): number {
  const count = Math.ceil(room / stride) + 1;
  return (count - 1) * stride >= beginOfEndPad ? count - 1 : count;
}

/** Padding at the begin of each axis, for static extents. */
export function padBegins(windows: Windows, extents: readonly number[], outputs: readonly number[]): readonly number[] {
  return windows.axes.map((window, i) => {
    if (window.pads) return window.pads[0];
    const total = Math.max(0, ((outputs[i] as number) - 1) * window.stride + spanOf(window) - (extents[i] as number));
    return windows.autoPad === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
}
