import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { dtypeOfCode } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";
import { tensorOf } from "../small-tensor.js";

/** ONNX EyeLike. */
export const eyeLike: OpDef = onnxOp({
  name: "EyeLike",
  doc: "a matrix shaped like the input: 1 on diagonal k, 0 elsewhere",
  since: 9,
  quant: "float",
  infer: (call) => {
    checkRank("EyeLike", "input", call.shape(0), 2);
    return [{ dtype: call.has("dtype") ? dtypeOfCode("EyeLike", "dtype", call.int("dtype")) : call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const columns = shape[1] as number;
    const k = call.int("k");
    return [
      tensorOf(
        dtype,
        shape,
        Array.from({ length: elementCount(shape) }, (_, i) => ((i % columns) - Math.floor(i / columns) === k ? 1 : 0)),
      ),
    ];
  },
});
