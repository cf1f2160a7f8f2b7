import { f32Tensor } from "@vlm-export/ir";
import { castTo } from "../qdq/pair.js";
import type { Expansion } from "./expansion.js";

/** vlm::QuickGelu, x · sigmoid(1.702 · x), as Mul, Sigmoid and Mul. */
export const expandQuickGelu: Expansion = ({ node, inputs, outputs }, writer) => {
  const [x = ""] = inputs;
  const [y = ""] = outputs;
  const dtype = node.inputs[0]?.type.dtype ?? "f32";
  const factor = writer.initializer(`${y}_factor`, f32Tensor([1.702], []));
  const typed =
    dtype === "f32" ? factor : writer.node("Cast", [factor], [writer.names.value(`${y}_typed_factor`)], { attributes: [castTo(dtype)] });
  const scaled = writer.node("Mul", [x, typed], [writer.names.value(`${y}_scaled`)]);
  const gate = writer.node("Sigmoid", [scaled], [writer.names.value(`${y}_gate`)]);
  writer.node("Mul", [x, gate], [y], { base: node.name });
};
