import type { NodeRule } from "../rule.js";

/** Scan of opset 8 runs over a batch of sequences of different lengths; nothing of later opsets does. */
export const scan: NodeRule = {
  op: "Scan",
  domain: "",
  below: 9,
  convert(_node, build) {
    throw build.refuse("the form of opset 8 has no equivalent later on", "Export with opset_version=9 or newer.");
  },
};
