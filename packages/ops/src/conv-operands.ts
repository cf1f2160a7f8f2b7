import type { Dim } from "@vlm-export/ir";
import type { Windows } from "./conv-shape.js";
import { listOf, windowExtents, windowsOf } from "./conv-shape.js";
import { opAttribute, opExtent } from "./errors.js";
import { checkMinRank, checkRank, sameDim } from "./extents.js";
import type { InferCall, Shape } from "./op-call.js";
import { multiplyDims, numberOf, productOf } from "./shape-math.js";

/** Kernel extents from W, checked against the kernel_shape attribute; undefined when neither tells. */
export function kernelOf(call: InferCall, weight: Shape): readonly number[] | undefined {
  const spatial = weight?.slice(2);
  const given = spatial ? listOf(call, "kernel_shape", spatial.length) : call.numbers("kernel_shape");
  const known = spatial?.every((extent) => typeof extent === "number") ? spatial : undefined;
  if (known && given?.some((extent, i) => extent !== known[i]))
    throw opAttribute(call.op, "kernel_shape", `[${given.join(", ")}]`, `[${known.join(", ")}], the extents of W`);
  return known ?? given;
}

/** Throws VX-OP-* unless X is [N, C, D…], W [M, C/group, k…] and B [M], as far as they are known; returns `group`. */
export function checkConvOperands(call: InferCall, [x, w, b]: readonly [Shape, Shape, Shape]): number {
  checkMinRank(call.op, "X", x, 3);
  if (x) checkRank(call.op, "W", w, x.length);
  checkRank(call.op, "B", b, 1);
  const group = call.int("group");
  const outputs = w?.[0];
  if (group < 1 || (typeof outputs === "number" && outputs % group !== 0))
    throw opAttribute(call.op, "group", `${group}`, `a divisor of the ${outputs ?? "number of"} output channels`);
  const inputs = w && multiplyDims(w[1] as Dim, group);
  if (x && inputs !== undefined) sameDim(call.op, inputs, x[1] as Dim, ["the number of channels of X", "W's extent 1 times group"]);
  if (b && outputs !== undefined) sameDim(call.op, outputs, b[0] as Dim, ["the extent of B", "the output channels of W"]);
  return group;
}

/** Output shape [N, M, …] of a convolution. */
export function convShape(call: InferCall, x: Shape, w: Shape): Shape {
  if (!x) return w && call.freshShape(w.length);
  const kernel = kernelOf(call, w);
  const spatial = kernel
    ? windowExtents(spatialWindows(call, kernel, x.length - 2), x.slice(2), () => call.freshDim())
    : call.freshShape(x.length - 2);
  return [x[0] as Dim, w?.[0] ?? call.freshDim(), ...spatial];
}

/** Multiply-accumulates of a convolution: output elements times the kernel of one output channel. */
export function convMacs(call: InferCall, x: Shape, w: Shape): number | undefined {
  const [out, kernel] = [convShape(call, x, w), kernelOf(call, w)];
  return out && w && kernel ? numberOf(productOf([...out, w[1] as Dim, ...kernel])) : undefined;
}

function spatialWindows(call: InferCall, kernel: readonly number[], axes: number): Windows {
  if (kernel.length !== axes) throw opExtent(call.op, "the number of kernel extents", kernel.length, `${axes}, one for each spatial axis`);
  return windowsOf(call, kernel);
}
