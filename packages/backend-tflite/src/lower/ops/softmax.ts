import { withLast } from "../../layout.js";
import { axisIn, formOf, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Softmax along one axis, which TFLite wants stored last. Its int8 kernel gives 1/256 steps from −128 on. */
export const softmax: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf({ scale: 1 / 256, zeroPoint: -128 }, [x], y);
  const axis = axisIn(numberAttr(node, "axis", -1), lowering.shape(x).length);
  const layout = withLast(lowering.layoutOf(x), axis);
  const input = lowering.read(x, form, layout);
  lowering.emit("SOFTMAX", [input], [lowering.write(y, form, layout)], { kind: "SoftmaxOptions", beta: 1 });
};

/** log(softmax(x)) on real numbers. */
export const logSoftmax: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const axis = axisIn(numberAttr(node, "axis", -1), lowering.shape(x).length);
  const layout = withLast(lowering.layoutOf(x), axis);
  const input = lowering.read(x, "float", layout);
  lowering.emit("LOG_SOFTMAX", [input], [lowering.write(y, "float", layout)], { kind: "LogSoftmaxOptions" });
};
