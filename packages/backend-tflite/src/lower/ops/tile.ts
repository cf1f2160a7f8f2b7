import { formOf, inputOf, knownElements, type LowerNode, outputOf } from "../node.js";

/** Repeats along each axis, known how often, in whatever layout the operand has. */
export const tile: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf("moves", [x], y);
  const { tensor, layout } = lowering.place(x, form);
  const repeats = knownElements(node, 1);
  const stored = lowering.program.indices(layout.map((axis) => repeats[axis] ?? 1));
  lowering.emit("TILE", [tensor, stored], [lowering.writeLike(y, form, layout, tensor)], { kind: "TileOptions" });
};
