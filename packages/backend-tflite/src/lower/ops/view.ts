import { rowMajor, storedShape, transposed } from "../../layout.js";
import { formOf, inputOf, type LowerNode, numbersAttr, outputOf } from "../node.js";

/** Reshape, Flatten, Squeeze, Unsqueeze: the result's shape is known, so they are one algebra on layouts. */
export const reshape: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  lowering.reshape(x, formOf("moves", [x], y), y);
};

/** Moves nothing: the result is the same tensor seen through another layout. */
export const transpose: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf("moves", [x], y);
  const rank = lowering.shape(x).length;
  const permutation = numbersAttr(node, "perm") ?? [...rowMajor(rank)].reverse();
  const { tensor, layout } = lowering.place(x, form);
  lowering.alias(y, form, { tensor, layout: transposed(layout, permutation) });
};

/** The operand itself (Identity, Dropout at inference, vlm::Quantize of what is an integer already). */
export const identity: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf("moves", [x], y);
  lowering.alias(y, form, lowering.place(x, form));
};

/** Expand to a known shape: nothing when it has that shape already, else BROADCAST_TO. */
export const expand: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const [from, to] = [lowering.shape(x), lowering.shape(y)];
  if (String(from) === String(to)) return identity(lowering, node);
  const form = formOf("moves", [x], y);
  const layout = rowMajor(to.length);
  const input = lowering.readBroadcast(x, form, to.length, layout);
  const shape = lowering.program.indices(storedShape(to, layout));
  lowering.emit("BROADCAST_TO", [input, shape], [lowering.writeLike(y, form, layout, input)], { kind: "BroadcastToOptions" });
};
