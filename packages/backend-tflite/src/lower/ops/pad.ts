import { lowerUnsupported } from "../../errors.js";
import { axisIn, formOf, inputOf, knownElements, knownScalar, type LowerNode, outputOf, textAttr } from "../node.js";

/** Constant padding by known amounts; zero on integers, where the kernel pads with the zero point, else on real numbers. */
export const pad: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const mode = textAttr(node, "mode", "constant");
  if (mode !== "constant") throw lowerUnsupported(node.name, `Pad with mode ${mode}`);
  const value = knownScalar(node, 2, 0);
  const form = value === 0 ? formOf("moves", [x], y) : "float";
  const { tensor, layout } = lowering.place(x, form);
  const rank = layout.length;
  const pads = knownElements(node, 1);
  const axes = node.inputs[3] ? knownElements(node, 3).map((axis) => axisIn(axis, rank)) : layout.map((_, axis) => axis);
  if (pads.some((amount) => amount < 0)) throw lowerUnsupported(node.name, "Pad that cuts off");
  const amounts = layout.flatMap((axis) => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [pads[at] ?? 0, pads[at + axes.length] ?? 0];
  });
  const result = lowering.writeLike(y, form, layout, tensor);
  const paddings = lowering.program.indices(amounts, [rank, 2]);
  if (value === 0) return lowering.emit("PAD", [tensor, paddings], [result], { kind: "PadOptions" });
  const fill = lowering.scalarFor(tensor, `${node.name}_value`, value);
  lowering.emit("PADV2", [tensor, paddings, fill], [result], { kind: "PadV2Options" });
};
