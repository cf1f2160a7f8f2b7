import type { OpDef } from "@vlm-export/ir";
import { i64Tensor } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { numbersOf } from "../small-tensor.js";
import { stridesOf } from "../take.js";

/** ONNX NonZero. */
export const nonZero: OpDef = onnxOp({
  name: "NonZero",
  doc: "positions of the elements other than 0: one row for each axis, in row-major order",
  since: 9,
  quant: "float",
  infer: (call) => [{ dtype: "i64", shape: [call.shape(0)?.length ?? call.freshDim(), call.freshDim()] }],
  evaluate: (call) => {
    const data = call.data(0);
    const strides = stridesOf(data.shape);
    const hits: number[] = [];
    numbersOf(data).forEach((x, i) => x !== 0 && hits.push(i));
    const rows = data.shape.map((extent, axis) => hits.map((i) => Math.floor(i / (strides[axis] as number)) % extent));
    return [i64Tensor(rows.flat(), [data.shape.length, hits.length])];
  },
});
