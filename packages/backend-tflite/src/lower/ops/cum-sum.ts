import { storedAxis } from "../../layout.js";
import { axisIn, inputOf, knownElements, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Running sums along one known axis, on real or whole numbers. */
export const cumSum: LowerNode = (lowering, node) => {
  const { tensor, layout } = lowering.place(inputOf(node, 0), "float");
  const axis = axisIn(knownElements(node, 1)[0] ?? 0, layout.length);
  const result = lowering.write(outputOf(node), "float", layout);
  lowering.emit("CUMSUM", [tensor, lowering.program.indices([storedAxis(layout, axis)], [])], [result], {
    kind: "CumsumOptions",
    exclusive: numberAttr(node, "exclusive", 0) !== 0,
    reverse: numberAttr(node, "reverse", 0) !== 0,
  });
};
