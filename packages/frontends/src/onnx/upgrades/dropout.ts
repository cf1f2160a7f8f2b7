import { f32Tensor } from "@vlm-export/ir";
import { floatOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/** Dropout: `ratio` became an input at opset 12. Without training the first result is the input; the mask was of the input's type until 10. */
export const dropout: NodeRule = {
  op: "Dropout",
  domain: "",
  below: 12,
  convert(node, build) {
    const isOldMask = node.opset < 10;
    if (isOldMask && build.isRead(1)) throw build.refuse("the mask has another element type from opset 10 on", "Export for inference.");
    const ratio = build.constant("ratio", f32Tensor([floatOf(node, "ratio", 0.5)], []));
    build.emit("Dropout", [node.inputs[0] ?? null, ratio], {}, isOldMask ? [0] : undefined);
  },
};
