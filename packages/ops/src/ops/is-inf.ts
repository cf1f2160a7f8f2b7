import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { boolTensor, numbersOf } from "../small-tensor.js";

/** ONNX IsInf. */
export const isInf: OpDef = onnxOp({
  name: "IsInf",
  doc: "y = x is infinite, of a sign that detect_positive or detect_negative asks for",
  since: 10,
  quant: "float",
  infer: (call) => [{ dtype: "bool", shape: call.shape(0) }],
  evaluate: (call) => {
    const data = call.data(0);
    const wanted = [
      ...(call.int("detect_positive") ? [Number.POSITIVE_INFINITY] : []),
      ...(call.int("detect_negative") ? [Number.NEGATIVE_INFINITY] : []),
    ];
    return [
      boolTensor(
        data.shape,
        Array.from(numbersOf(data), (x) => wanted.includes(x)),
      ),
    ];
  },
});
