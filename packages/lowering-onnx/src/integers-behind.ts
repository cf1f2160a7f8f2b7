import type { Value } from "@vlm-export/ir";

/** Operators past which ONNX Runtime moves DequantizeLinear (CanNodePropagate in its qdq_propagation.cc), and those that it removes or rewrites before. */
const MOVED_PAST: ReadonlySet<string> = new Set([
  "Flatten",
  "Identity",
  "MaxPool",
  "Reshape",
  "Slice",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

/** The value whose integers the float value has too, moved by such operators: static and with one scale. Undefined when there is none. */
export function integersBehind(value: Value): Value | undefined {
  let source: Value | null | undefined = value;
  while (source && !source.type.quant) {
    const node: Value["producer"] = source.producer;
    source = node && MOVED_PAST.has(node.op) ? node.inputs[0] : undefined;
  }
  const quant = source?.type.quant;
  return source && source !== value && quant?.mode === "static" && quant.granularity === "tensor" ? source : undefined;
}
