import type { OpDef } from "@vlm-export/ir";
import { convolve } from "../conv-core.js";
import { checkConvOperands, convMacs, convShape } from "../conv-operands.js";
import { windowsOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { centered } from "../quantized-operand.js";
import { tensorOf } from "../small-tensor.js";

/** ONNX ConvInteger; only in source models. */
export const convInteger: OpDef = onnxOp({
  name: "ConvInteger",
  doc: "y = convolution of x − x_zero_point with w − w_zero_point, in i32",
  since: 10,
  quant: "float",
  infer: (call) => {
    checkConvOperands(call, [call.shape(0), call.shape(1), undefined]);
    return [{ dtype: "i32", shape: convShape(call, call.shape(0), call.shape(1)) }];
  },
  evaluate: (call) => {
    const [x, w] = [call.data(0), call.data(1)];
    const { shape } = call.output();
    const operands = { x: centered(x, call.optional(2), 1), w: centered(w, call.optional(3), 0), xShape: x.shape, wShape: w.shape };
    return [
      tensorOf(
        "i32",
        shape,
        convolve({ ...operands, outShape: shape, windows: windowsOf(call, w.shape.slice(2)), group: call.int("group") }),
      ),
    ];
  },
  macs: (call) => convMacs(call, call.shape(0), call.shape(1)),
});
