import { elementCount } from "@vlm-export/ir";
import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opAttribute, opTooMuchWork } from "../errors.js";
import { MAX_EVALUATED_MACS } from "../evaluate-limits.js";
import { checkMinRank } from "../extents.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX LRN. */
export const lrn: OpDef = onnxOp({
  name: "LRN",
  doc: "y = x / (bias + alpha/size · Σ x²)^beta, summed over `size` neighbouring channels",
  since: 1,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    checkMinRank("LRN", "X", call.shape(0), 2);
    if (call.int("size") < 1) throw opAttribute("LRN", "size", `${call.int("size")}`, "at least 1");
    return [{ dtype: call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const [alpha, beta, bias, size] = [call.float("alpha"), call.float("beta"), call.float("bias"), call.int("size")];
    const channels = data.shape[1] as number;
    if (data.byteLength * Math.min(size, channels) > MAX_EVALUATED_MACS)
      throw opTooMuchWork("LRN", data.byteLength * Math.min(size, channels), MAX_EVALUATED_MACS);
    const plane = elementCount(data.shape.slice(2));
    const values = numbersOf(data);
    const y = Array.from(values, (x, i) => {
      const channel = Math.floor(i / plane) % channels;
      const first = Math.max(0, channel - Math.floor((size - 1) / 2));
      const last = Math.min(channels - 1, channel + Math.ceil((size - 1) / 2));
      let squares = 0;
      for (let c = first; c <= last; c += 1) squares += (values[i + (c - channel) * plane] as number) ** 2;
      return x / (bias + (alpha / size) * squares) ** beta;
    });
    return [tensorOf(data.dtype, data.shape, y)];
  },
});
