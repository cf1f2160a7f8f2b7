import { scaleValues, zeroPointValues } from "@vlm-export/backend-api";
import type { QuantSpec, Value } from "@vlm-export/ir";
import { lowerValue } from "../errors.js";
import { type Layout, withLast } from "../layout.js";
import { integerBytes, integerFormOf } from "./constant-bytes.js";
import { permuted } from "./permute.js";
import type { ProgramTensor } from "./program.js";

/** A block-quantized constant as rows of one block each, every row with a scale of its own. */
export interface BlockRows {
  readonly tensor: ProgramTensor;
  /** Layout of the value behind the rows; its last axis is the one that is cut into blocks. */
  readonly layout: Layout;
}

/**
 * Kernels that know block scales are few, and the others ignore them silently. [rows, blockSize] with one scale per row is
 * the same numbers in a form that all of them dequantize exactly. Throws VX-LOWER-TFLITE-VALUE unless the blocks divide one axis.
 */
export function blockRows(value: Value, shape: readonly number[], quant: QuantSpec, wanted: Layout): BlockRows {
  const form = integerFormOf(quant.storage);
  const { axis, size } = blockOf(value, shape, quant);
  if (!value.data || !form) throw lowerValue(value.name, `${quant.storage} integers in blocks have no TFLite form here`);
  const layout = withLast(wanted, axis);
  const scaleShape = quant.scale?.shape ?? [];
  const scale = [...permuted(scaleValues(quant), scaleShape, layout)];
  const points = Int32Array.from(zeroPointValues(quant));
  const zeroPoints = points.length > 0 ? permuted(points, scaleShape, layout) : points;
  const tensor: ProgramTensor = {
    name: value.name,
    type: form.type,
    shape: [scale.length, size],
    quantization: { scale, zeroPoint: scale.map((_, i) => (zeroPoints[i] ?? 0) + form.shift), quantizedDimension: 0, min: [], max: [] },
    data: integerBytes(value.data, shape, layout),
  };
  return { tensor, layout };
}

/** The axis that is cut and the elements of a block. */
function blockOf(value: Value, shape: readonly number[], { scale }: QuantSpec): { readonly axis: number; readonly size: number } {
  const sizes = shape.map((extent, axis) => extent / (scale?.shape[axis] ?? 1));
  const axis = sizes.findIndex((size) => size !== 1);
  const isWhole = sizes.every((size, at) => Number.isInteger(size) && (size === 1 || at === axis));
  if (axis < 0 || !isWhole)
    throw lowerValue(value.name, `scales of [${scale?.shape.join(", ")}] do not cut one axis of [${shape.join(", ")}] into equal blocks`);
  return { axis, size: sizes[axis] ?? 1 };
}
