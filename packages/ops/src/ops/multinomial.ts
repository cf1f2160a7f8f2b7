import type { OpDef } from "@vlm-export/ir";
import { dtypeOfCode } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";
import { checkRank } from "../extents.js";

/** ONNX Multinomial. */
export const multinomial: OpDef = onnxOp({
  name: "Multinomial",
  doc: "sample_size random classes for each row of log probabilities",
  since: 7,
  quant: "float",
  infer: (call) => {
    checkRank("Multinomial", "input", call.shape(0), 2);
    return [
      {
        dtype: dtypeOfCode("Multinomial", "dtype", call.int("dtype")),
        shape: [call.shape(0)?.[0] ?? call.freshDim(), call.int("sample_size")],
      },
    ];
  },
});
