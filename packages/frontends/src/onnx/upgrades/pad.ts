import { i64Tensor } from "@vlm-export/ir";
import { floatOf, intsOf, without } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** Pad: `pads` and `value` became inputs at opset 11. */
export const pad: NodeRule = {
  op: "Pad",
  domain: "",
  below: 11,
  convert(node, build) {
    const [x] = node.inputs;
    const pads = intsOf(node, "pads") ?? intsOf(node, "paddings");
    if (!pads) throw build.refuse("the attribute pads is missing");
    const inputs = [x ?? null, build.constant("pads", i64Tensor(pads))];
    const dtype = x?.type.dtype ?? "unknown";
    const fill =
      floatOf(node, "value", 0) === 0 ? undefined : numbersTensor(dtype === "unknown" ? "f32" : dtype, [floatOf(node, "value", 0)], []);
    build.emit("Pad", fill ? [...inputs, build.constant("value", fill)] : inputs, without(node, "pads", "paddings", "value"));
  },
};
