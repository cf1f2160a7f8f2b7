import type { OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axisOf, axisView } from "../axis.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { opAttribute, opIndex } from "../errors.js";
import { checkRank } from "../extents.js";
import { scatter } from "../scatter.js";
import { integersOf } from "../small-tensor.js";

const MODES: ReadonlySet<string> = new Set(["linear", "circular"]);

/** ONNX TensorScatter: writes new tokens into a key-value cache. */
export const tensorScatter: OpDef = onnxOp({
  name: "TensorScatter",
  doc: "past_cache with `update` written along `axis` from write_indices[batch] on; circular starts over at the end",
  since: 24,
  quant: "passthrough",
  quantizable: ["activation", "activation"],
  infer: (call) => {
    const shape = call.shape(0);
    oneOf(call, "mode", MODES);
    if (shape) {
      if (axisOf("TensorScatter", call.int("axis"), shape.length) === 0)
        throw opAttribute("TensorScatter", "axis", "0", "an axis other than the batch");
      checkRank("TensorScatter", "update", call.shape(1), shape.length);
    }
    checkRank("TensorScatter", "write_indices", call.shape(2), 1);
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const [cache, update] = [call.data(0), call.data(1)];
    const axis = axisOf("TensorScatter", call.int("axis"), cache.shape.length);
    const { length, inner } = axisView(cache.shape, axis);
    const written = update.shape[axis] as number;
    const perBatch = elementCount(update.shape.slice(1));
    const indices = call.optional(2);
    const starts = indices ? integersOf(indices) : [];
    const circular = call.text("mode") === "circular";
    const targets = Int32Array.from({ length: elementCount(update.shape) }, (_, k) => {
      const at = (Math.floor(k / inner) % written) + (starts[Math.floor(k / perBatch)] ?? 0);
      if (at < 0 || (!circular && at >= length)) throw opIndex("TensorScatter", at, length);
      return (Math.floor(k / (inner * written)) * length + (at % length)) * inner + (k % inner);
    });
    return [scatter(cache, update, targets, "none")];
  },
});
