import { f32Tensor } from "@vlm-export/ir";
import { floatsOf, textAttrOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";
import { oldResizeAttrs } from "./resize.js";

/** Upsample, which ended at opset 10, as a Resize; its scales were an attribute until 9. */
export const upsample: NodeRule = {
  op: "Upsample",
  domain: "",
  convert(node, build) {
    const [x = null, scales = null] = node.inputs;
    const listed = floatsOf(node, "scales");
    const given = listed ? build.constant("scales", f32Tensor(listed, [listed.length])) : scales;
    if (!given) throw build.refuse("the scales are missing");
    build.emit("Resize", [x, null, given], oldResizeAttrs(textAttrOf(node, "mode", "nearest")));
  },
};
