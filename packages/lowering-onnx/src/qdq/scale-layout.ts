import { type Dim, elementCount, type TensorData, type TensorType } from "@vlm-export/ir";
import { lowerGranularity, lowerQparams } from "../errors.js";

/** How QuantizeLinear and DequantizeLinear take a scale: a scalar, a vector along `axis`, or blocks along `axis`. */
export type ScaleLayout =
  | { readonly kind: "tensor"; readonly dims: readonly [] }
  | { readonly kind: "channel"; readonly dims: readonly [number]; readonly axis: number }
  | { readonly kind: "block"; readonly dims: readonly number[]; readonly axis: number; readonly blockSize: number };

/**
 * The layout of the scale of a value, from its shape against the value's (see QuantSpec). Throws VX-LOWER-GRANULARITY for
 * scales that differ along more than one axis without being blocks of one, VX-LOWER-QPARAMS for a scale that does not fit.
 * Blocks as long as a column are written as channels, but not those of a stack of matrices: even for one matrix, kernels want a scale of its rank.
 */
export function scaleLayoutOf(name: string, type: TensorType, scale: TensorData): ScaleLayout {
  if (elementCount(scale.shape) === 1) return { kind: "tensor", dims: [] };
  const shape = type.shape;
  if (shape?.length !== scale.shape.length) throw lowerQparams(name, `has a scale of shape [${scale.shape}] for a value of another rank`);
  const varying = scale.shape.flatMap((extent, axis) => (extent > 1 ? [axis] : []));
  const [axis] = varying;
  const isStack = type.quant?.granularity === "block" && shape.length > 2;
  if (!isStack && varying.length === 1 && axis !== undefined && scale.shape[axis] === shape[axis])
    return { kind: "channel", dims: [scale.shape[axis] as number], axis };
  return blocksOf(name, shape, scale.shape);
}

function blocksOf(name: string, shape: readonly Dim[], scale: readonly number[]): ScaleLayout {
  const blocked = scale.flatMap((extent, axis) => (extent === shape[axis] ? [] : [axis]));
  const [axis = shape.length - 2] = blocked;
  const extent = shape[axis];
  if (blocked.length > 1 || typeof extent !== "number") throw lowerGranularity(name, shape.join(", "), scale);
  const count = scale[axis] as number;
  const blockSize = Math.ceil(extent / count);
  if (Math.ceil(extent / blockSize) !== count) throw lowerGranularity(name, shape.join(", "), scale);
  return { kind: "block", dims: scale, axis, blockSize };
}
