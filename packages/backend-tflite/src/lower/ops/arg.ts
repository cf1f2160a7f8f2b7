import { storedAxis } from "../../layout.js";
import { lowerUnsupported } from "../../errors.js";
import { axisIn, formOf, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";
import { keepsDims, withoutAxes } from "./reduce.js";

/** Position of the greatest or least element along one axis, the first one among equals: integers are ordered as what they stand for. */
export const arg: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  if (numberAttr(node, "select_last_index", 0) !== 0) throw lowerUnsupported(node.name, `${node.op} that takes the last among equals`);
  const { tensor, layout } = lowering.place(x, formOf("moves", [x], y));
  const axis = axisIn(numberAttr(node, "axis", 0), layout.length);
  const left = withoutAxes(layout, [axis]);
  const stored = lowering.program.indices([storedAxis(layout, axis)]);
  const options = { kind: node.op === "ArgMax" ? "ArgMaxOptions" : "ArgMinOptions", outputType: "INT32" } as const;
  const op = node.op === "ArgMax" ? "ARG_MAX" : "ARG_MIN";
  if (!keepsDims(node)) return lowering.emit(op, [tensor, stored], [lowering.write(y, "float", left)], options);
  const shape = (lowering.program.tensors[tensor]?.shape ?? []).filter((_, at) => layout[at] !== axis);
  const found = lowering.program.tensor({ name: `${y.name}_flat`, type: "INT32", shape });
  lowering.emit(op, [tensor, stored], [found], options);
  lowering.program.reshape(found, lowering.write(y, "float", layout));
};
