import { elementCount } from "@vlm-export/ir";
import type { Dim, DType } from "@vlm-export/ir";
import { integerRange } from "@vlm-export/numerics";
import type { AttributeReader } from "./attributes.js";
import { axisOf } from "./axis.js";
import { opExtent, opRank } from "./errors.js";
import type { Shape } from "./op-call.js";
import { isIntegerType } from "./small-tensor.js";
import { stridesOf } from "./take.js";

/** Throws VX-OP-* unless the scale is one element, a vector along `axis`, or of the data's rank (blocked). */
export function checkScale(call: AttributeReader, data: Shape, scale: Shape): void {
  const single = scale?.every((extent) => extent === 1);
  if (!data || !scale || single) return;
  if (scale.length !== 1 && scale.length !== data.length) throw opRank(call.op, "the scale", scale.length, `rank 0, 1 or ${data.length}`);
  const axis = axisOf(call.op, call.int("axis"), data.length);
  const scales = scale[scale.length === 1 && data.length !== 1 ? 0 : axis] as Dim;
  const expected = scalesAlong(call, data[axis] as Dim, scale.length === data.length);
  if (typeof expected === "number" && typeof scales === "number" && scales !== expected)
    throw opExtent(call.op, "the extent of the scale along `axis`", scales, `${expected}`);
}

/** How many scales an extent has: one each, or one for each block. */
function scalesAlong(call: AttributeReader, extent: Dim, mayBlock: boolean): Dim | undefined {
  const blockSize = call.int("block_size");
  if (blockSize === 0) return mayBlock && extent !== 1 ? undefined : extent;
  return typeof extent === "number" ? Math.ceil(extent / blockSize) : undefined;
}

/** Index into the scales for the element at a flat index. */
export function scaleIndexer(call: AttributeReader, shape: readonly number[], scale: readonly number[]): (index: number) => number {
  const scales = elementCount(scale);
  if (scales === 1) return () => 0;
  const strides = stridesOf(shape);
  const axis = axisOf(call.op, call.int("axis"), shape.length);
  const position = (index: number, i: number): number => Math.floor(index / (strides[i] as number)) % (shape[i] as number);
  if (scale.length === 1) return (index) => position(index, axis);
  const blockSize = call.int("block_size") || Math.ceil((shape[axis] as number) / (scale[axis] as number));
  const scaleStrides = stridesOf(scale);
  return (index) =>
    shape.reduce((sum, _, i) => {
      const at = position(index, i);
      return sum + (i === axis ? Math.floor(at / blockSize) : at) * (scaleStrides[i] as number);
    }, 0);
}

/** Clamps to the integers of a type; other types saturate when they are encoded. */
export function clampTo(dtype: DType): (q: number) => number {
  if (!isIntegerType(dtype)) return (q) => q;
  const [low, high] = integerRange(dtype as Parameters<typeof integerRange>[0]);
  return (q) => Math.min(Math.max(q, low), high);
}
