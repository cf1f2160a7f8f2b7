import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, axisView } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { numbersOf } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX OneHot. */
export const oneHot: OpDef = onnxOp({
  name: "OneHot",
  doc: "values[1] where the position along the new `axis` is the index, values[0] elsewhere; indices outside the depth hit nothing",
  since: 9,
  quant: "float",
  infer: (call) => {
    const indices = call.shape(0);
    if (!indices) return [{ dtype: call.dtype(2), shape: undefined }];
    const axis = axisOf("OneHot", call.int("axis"), indices.length + 1);
    const constant = call.constant(1);
    const depth = call.elements(1)?.[0] ?? (constant && numbersOf(constant)[0]);
    if (typeof depth === "number" && !(depth >= 0)) throw opValue("OneHot", "depth", depth, "at least 0");
    const extent = typeof depth === "number" ? Math.trunc(depth) : (depth ?? call.freshDim());
    return [{ dtype: call.dtype(2), shape: indices.toSpliced(axis, 0, extent) }];
  },
  evaluate: (call) => {
    const { shape } = call.output();
    const { length, inner } = axisView(shape, axisOf("OneHot", call.int("axis"), shape.length));
    const indices = numbersOf(call.data(0));
    const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) => {
      const outer = Math.floor(k / (inner * length));
      const index = indices[outer * inner + (k % inner)] as number;
      return (index < 0 ? index + length : index) === Math.floor(k / inner) % length ? 1 : 0;
    });
    return [take(call.data(2), shape, picks)];
  },
});
