import { inputOf, type LowerNode, outputOf } from "../node.js";
import { commonLayout } from "./binary.js";

/** x where the condition holds, else y, broadcast: SELECT_V2 on real numbers, whole numbers or truth values. */
export const where: LowerNode = (lowering, node) => {
  const y = outputOf(node);
  const operands = [0, 1, 2].map((index) => inputOf(node, index));
  const rank = lowering.shape(y).length;
  const layout = commonLayout(lowering, operands, rank);
  const inputs = operands.map((value) => lowering.readBroadcast(value, "float", rank, layout));
  lowering.emit("SELECT_V2", inputs, [lowering.write(y, "float", layout)], { kind: "SelectV2Options" });
};
