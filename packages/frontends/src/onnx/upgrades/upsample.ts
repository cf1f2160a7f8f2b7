import { f32Tensor } from "@vlm-export/ir";
import { floatsOf, textAttrOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { emitOldResize } from "./resize.js";

/** Upsample, which ended at opset 10, as a Resize; its scales were an attribute until 9. */
export const upsample: NodeRule = {
  op: "Upsample",
  domain: "",
  convert(node, build) {
    const [x, given] = node.inputs;
    const listed = floatsOf(node, "scales");
    const scales = listed ? build.constant("scales", f32Tensor(listed, [listed.length])) : given;
    if (!x || !scales) throw build.refuse("the scales are missing");
    emitOldResize({ x, scales, mode: textAttrOf(node, "mode", "nearest") }, build);
  },
};
