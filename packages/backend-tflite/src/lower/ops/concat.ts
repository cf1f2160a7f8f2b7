import type { ProgramTensor } from "../program.js";
import { quantizationOf, sameQuantization } from "../quantization.js";
import { storedAxis } from "../../layout.js";
import { commonLayout } from "./binary.js";
import { axisIn, formOf, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Concatenation; integers of other qparams than the result's are requantized first, as its kernel takes only alike ones. */
export const concat: LowerNode = (lowering, node) => {
  const values = node.inputs.flatMap((value) => (value ? [value] : []));
  const y = outputOf(node);
  const rank = lowering.shape(y).length;
  const layout = commonLayout(lowering, values, rank);
  const form = y.type.quant ? formOf("moves", values, y) : "float";
  const wanted = y.type.quant && quantizationOf(y.type.quant, layout);
  const inputs = values.map((value) => {
    const tensor = lowering.read(value, form, layout);
    const { name, shape, quantization } = lowering.program.tensors[tensor] as ProgramTensor;
    if (form === "float" || sameQuantization(quantization, wanted)) return tensor;
    const requantized = lowering.scratch(`${name}_requantized`, shape, wanted);
    lowering.emit("QUANTIZE", [tensor], [requantized], { kind: "QuantizeOptions" });
    return requantized;
  });
  const axis = storedAxis(layout, axisIn(numberAttr(node, "axis", 0), rank));
  lowering.emit("CONCATENATION", inputs, [lowering.write(y, form, layout)], {
    kind: "ConcatenationOptions",
    axis,
    fusedActivationFunction: "NONE",
  });
};
