import type { NodeRule } from "../rule.js";

/** RoiAlign: opset 16 added `coordinate_transformation_mode`, whose default is not what was done before. */
export const roiAlign: NodeRule = {
  op: "RoiAlign",
  domain: "",
  below: 16,
  convert(node, build) {
    build.emit("RoiAlign", node.inputs, { ...node.attrs, coordinate_transformation_mode: "output_half_pixel" });
  },
};
