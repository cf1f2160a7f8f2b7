import type { Dim } from "@vlm-export/ir";
import type { AttributeReader } from "./attributes.js";
import { listOf, spanOf, type Window, type Windows, windowsOf } from "./conv-shape.js";
import { opAttribute, opExtent } from "./errors.js";
import type { InferCall } from "./op-call.js";
import { addDims, multiplyDims } from "./shape-math.js";

function outputPadding(call: AttributeReader, axes: number): readonly number[] {
  return listOf(call, "output_padding", axes) ?? Array.from({ length: axes }, () => 0);
}

/** Output extents of ONNX ConvTranspose: stride · (x − 1) + output_padding + span − pads; x · stride for SAME_*; or `output_shape`. */
export function transposedExtents(call: InferCall, kernel: readonly number[], extents: readonly Dim[]): readonly Dim[] {
  if (kernel.length !== extents.length)
    throw opExtent("ConvTranspose", "the number of kernel extents", kernel.length, `${extents.length}, one for each spatial axis`);
  const windows = windowsOf(call, kernel);
  const fixed = listOf(call, "output_shape", kernel.length);
  if (fixed?.some((extent) => extent < 0))
    throw opAttribute("ConvTranspose", "output_shape", `[${fixed.join(", ")}]`, "extents of at least 0");
  if (fixed) return fixed;
  const extra = outputPadding(call, kernel.length);
  return windows.axes.map((window, i) => grownExtent(window, extents[i] as Dim, extra[i] as number) ?? call.freshDim());
}

function grownExtent(window: Window, extent: Dim, extra: number): Dim | undefined {
  const scaled = multiplyDims(extent, window.stride);
  if (scaled === undefined || !window.pads) return scaled;
  const grown = addDims(scaled, extra + spanOf(window) - window.stride - window.pads[0] - window.pads[1]);
  if (typeof grown === "number" && grown < 0) throw opExtent("ConvTranspose", "an output extent", grown, "at least 0");
  return grown;
}

/** Elements cut off at the begin of each axis, for static extents. */
export function transposedPads(
  call: AttributeReader,
  windows: Windows,
  extents: readonly number[],
  outputs: readonly number[],
): readonly number[] {
  const extra = outputPadding(call, outputs.length);
  const given = listOf(call, "output_shape", outputs.length) !== undefined;
  return windows.axes.map((window, i) => {
    if (window.pads && !given) return window.pads[0];
    const total = Math.max(
      0,
      window.stride * ((extents[i] as number) - 1) + (extra[i] as number) + spanOf(window) - (outputs[i] as number),
    );
    return windows.autoPad === "SAME_UPPER" ? Math.floor(total / 2) : total - Math.floor(total / 2);
  });
}
