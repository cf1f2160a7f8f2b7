import type { CompatRule } from "@vlm-export/backend-api";

/** ONNX holds whatever the graph holds: its operators are the graph's own. */
export const rules: readonly CompatRule[] = [
  {
    id: "onnx-qdq/any",
    op: "*",
    units: ["cpu"],
    verdict: "native",
    reason: "ONNX holds every operator of the graph; quantized values get QuantizeLinear and DequantizeLinear around them.",
    source: "ONNX operator documentation, QuantizeLinear-13 to QuantizeLinear-25",
  },
];
