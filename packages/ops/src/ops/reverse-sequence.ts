import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opAttribute, opValue } from "../errors.js";
import { checkMinRank } from "../extents.js";
import { integersOf } from "../small-tensor.js";
import { stridesOf, take } from "../take.js";

/** ONNX ReverseSequence. */
export const reverseSequence: OpDef = onnxOp({
  name: "ReverseSequence",
  doc: "the first sequence_lens[b] elements of every sequence b along time_axis in reverse order",
  since: 10,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    const [batch, time] = [call.int("batch_axis"), call.int("time_axis")];
    checkMinRank("ReverseSequence", "input", call.shape(0), 2);
    if (batch + time !== 1 || batch * time !== 0)
      throw opAttribute("ReverseSequence", "batch_axis", `${batch} with time_axis ${time}`, "0 and 1 in some order");
    return [{ dtype: call.dtype(0), shape: call.shape(0) }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const lengths = integersOf(call.data(1));
    const [batch, time] = [call.int("batch_axis"), call.int("time_axis")];
    const strides = stridesOf(data.shape);
    const [stride, extent] = [strides[time] as number, data.shape[time] as number];
    if (lengths.some((length) => length < 0 || length > extent))
      throw opValue("ReverseSequence", "a sequence length", lengths.join(", "), `0 to ${extent}`);
    const picks = Int32Array.from({ length: elementCount(data.shape) }, (_, k) => {
      const sequence = Math.floor(k / (strides[batch] as number)) % (data.shape[batch] as number);
      const at = Math.floor(k / stride) % extent;
      const length = lengths[sequence] ?? 0;
      return at < length ? k + (length - 1 - 2 * at) * stride : k;
    });
    return [take(data, data.shape, picks)];
  },
});
