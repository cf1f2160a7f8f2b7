import type { Expansion } from "./expansion.js";

/** vlm::Quantize whose result is not quantized: Identity. */
export const expandIdentity: Expansion = ({ node, inputs, outputs }, writer) => {
  writer.node("Identity", inputs, outputs, { base: node.name });
};
