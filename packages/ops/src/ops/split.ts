import type { Dim, OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opArity, opAttribute, opExtent } from "../errors.js";
import type { InferCall } from "../op-call.js";
import { addDims, ceilDivideDim, divideDims, productOf, subtractDims } from "../shape-math.js";
import { stridedIndices, stridesOf, take } from "../take.js";

/** ONNX Split. */
export const split: OpDef = onnxOp({
  name: "Split",
  doc: "pieces of the input along `axis`: of the sizes `split`, or num_outputs equal ones of which the last may be shorter",
  since: 13,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const axis = shape && axisOf("Split", call.int("axis"), shape.length);
    return sizesOf(call, axis === undefined ? undefined : shape?.[axis]).map((size) => ({
      dtype: call.dtype(0),
      shape: shape?.map((extent, i) => (i === axis ? (size ?? call.freshDim()) : extent)),
    }));
  },
  evaluate: (call) => {
    const data = call.data(0);
    const axis = axisOf("Split", call.int("axis"), data.shape.length);
    const strides = stridesOf(data.shape);
    let begin = 0;
    return call.types.map((_, i) => {
      const { shape } = call.output(i);
      const piece = take(data, shape, stridedIndices(shape, strides, begin * (strides[axis] as number)));
      begin += shape[axis] as number;
      return piece;
    });
  },
});

function sizesOf(call: InferCall, extent: Dim | undefined): readonly (Dim | undefined)[] {
  const unknown = Array.from({ length: call.outputCount }, () => undefined);
  if (!call.given(1)) return extent === undefined ? unknown : equalSizes(call, extent);
  const sizes = call.elements(1);
  if (!sizes) return unknown;
  if (sizes.length !== call.outputCount) throw opArity("Split", "outputs", call.outputCount, [sizes.length, sizes.length]);
  if (sizes.some((size) => typeof size === "number" && size < 0)) throw opExtent("Split", "a size", sizes.join(", "), "at least 0");
  const total = sizes.reduce<Dim | undefined>((sum, size) => (sum === undefined ? undefined : addDims(sum, size)), 0);
  if (typeof extent === "number" && typeof total === "number" && extent !== total)
    throw opExtent("Split", "the sum of the sizes", total, `${extent}, the extent that is split`);
  return sizes;
}

function equalSizes(call: InferCall, extent: Dim): readonly (Dim | undefined)[] {
  const count = call.has("num_outputs") ? call.int("num_outputs") : call.outputCount;
  if (count < 1 || count !== call.outputCount)
    throw opAttribute("Split", "num_outputs", `${count}`, `the number of outputs, ${call.outputCount}`);
  const size = divideDims(extent, count) ?? ceilDivideDim(extent, count);
  const others = size === undefined ? undefined : productOf([size, count - 1]);
  const last = others === undefined ? undefined : subtractDims(extent, others);
  if (typeof last === "number" && last < 0) throw opExtent("Split", "the extent that is split", extent, `enough for ${count} pieces`);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? last : size));
}
