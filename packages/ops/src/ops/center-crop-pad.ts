import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { axesOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { stridesOf, take } from "../take.js";

/** ONNX CenterCropPad. */
export const centerCropPad: OpDef = onnxOp({
  name: "CenterCropPad",
  doc: "the middle of the input along each of `axes`, cut or filled with 0 to the given extents",
  since: 18,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const [shape, target] = [call.shape(0), call.elements(1)];
    if (!shape) return [{ dtype: call.dtype(0), shape: undefined }];
    const axes = axesFor(call, shape.length);
    if (target && target.length !== axes.length)
      throw opValue("CenterCropPad", "the number of extents", target.length, `${axes.length}, one for each axis`);
    const cropped = shape.map((extent, axis): Dim => (axes.includes(axis) ? (target?.[axes.indexOf(axis)] ?? call.freshDim()) : extent));
    return [{ dtype: call.dtype(0), shape: cropped }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const [from, to] = [stridesOf(data.shape), stridesOf(shape)];
    const begins = shape.map((extent, i) => {
      const difference = (data.shape[i] as number) - extent;
      return difference >= 0 ? Math.floor(difference / 2) : -Math.floor(-difference / 2);
    });
    const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) => {
      let index = 0;
      for (let i = 0; i < shape.length && index >= 0; i += 1) {
        const at = (Math.floor(k / (to[i] as number)) % (shape[i] as number)) + (begins[i] as number);
        index = at < 0 || at >= (data.shape[i] as number) ? -1 : index + at * (from[i] as number);
      }
      return index;
    });
    return [take(data, shape, picks)];
  },
});

function axesFor(call: AttributeReader, rank: number): readonly number[] {
  return axesOf("CenterCropPad", call.numbers("axes") ?? Array.from({ length: rank }, (_, i) => i), rank);
}
