import type { NodeRule } from "../rule.js";

/**
 * RoiAlign: opset 16 added `coordinate_transformation_mode`, whose default is not what was done before. It is written out, so
 * that the node means the same at either opset.
 */
export const roiAlign: NodeRule = {
  op: "RoiAlign",
  domain: "",
  convert(node, build) {
    const implied = node.opset < 16 ? "output_half_pixel" : "half_pixel";
    build.emit("RoiAlign", node.inputs, { coordinate_transformation_mode: implied, ...node.attrs });
  },
};
