import type { OpDef } from "@vlm-export/ir";
import { elementCount, i64Tensor } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { productOf } from "../shape-math.js";

/** ONNX Size. */
export const size: OpDef = onnxOp({
  name: "Size",
  doc: "the number of elements of the input",
  since: 1,
  quant: "float",
  infer: () => [{ dtype: "i64", shape: [] }],
  elements: (call) => {
    const extents = call.shape(0);
    const count = extents && productOf(extents);
    return count === undefined ? undefined : [count];
  },
  readsElements: false,
  evaluate: (call) => [i64Tensor([elementCount(call.data(0).shape)], [])],
});
