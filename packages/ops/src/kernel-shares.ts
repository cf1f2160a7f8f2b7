import { type Node, staticShape, type Value } from "@vlm-export/ir";
import { attributeReader } from "./attributes.js";
import { padBegins, windowsOf } from "./conv-shape.js";

/**
 * For each element of the kernel of a Conv, row-major: the share of output positions at which it lies on the input and not on the
 * padding. Undefined for other nodes and where the extents are not known.
 */
export function kernelShares(node: Node): Float64Array | undefined {
  const [input, kernel, output] = [node.inputs[0], node.inputs[1], node.outputs[0]].map(spatialExtents);
  if (node.op !== "Conv" || !input || !kernel || !output) return undefined;
  const windows = windowsOf(attributeReader(node.op, node.attrs, new Map()), kernel);
  const begins = padBegins(windows, input, output);
  const shares = windows.axes.map(({ kernel: length, stride, dilation }, axis) => {
    const [extent, positions, begin] = [input[axis] as number, output[axis] as number, begins[axis] as number];
    const isInside = (at: number): boolean => at >= 0 && at < extent;
    const starts = Array.from({ length: positions }, (_, position) => position * stride - begin);
    return Array.from({ length }, (_, k) => starts.filter((start) => isInside(start + k * dilation)).length / Math.max(positions, 1));
  });
  return Float64Array.from(shares.reduce<readonly number[]>((all, own) => all.flatMap((share) => own.map((one) => share * one)), [1]));
}

function spatialExtents(value: Value | null | undefined): readonly number[] | undefined {
  return value ? staticShape({ ...value.type, shape: value.type.shape?.slice(2) }) : undefined;
}
