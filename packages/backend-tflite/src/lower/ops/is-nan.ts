import { inputOf, type LowerNode, outputOf } from "../node.js";

/** NaN is what is not equal to itself. */
export const isNan: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  lowering.emit("NOT_EQUAL", [tensor, tensor], [lowering.write(outputOf(node), "float", layout)], { kind: "NotEqualOptions" });
};
