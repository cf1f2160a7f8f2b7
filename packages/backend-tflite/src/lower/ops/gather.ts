import { rowMajor, storedAxis } from "../../layout.js";
import { axisIn, formOf, inputOf, knownElements, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Gather by indices that are known, or computed as int32. */
export const gather: LowerNode = (lowering, node) => {
  const [x, indices, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const form = formOf("moves", [x], y);
  const rank = lowering.shape(x).length;
  const axis = axisIn(numberAttr(node, "axis", 0), rank);
  const indexShape = lowering.shape(indices);
  const layout = indexShape.length === 1 ? lowering.layoutOf(x) : rowMajor(rank);
  const tensor = lowering.read(x, form, layout);
  const extent = lowering.shape(x)[axis] ?? 1;
  const known = indices.data || indices.elements ? knownElements(node, 1).map((index) => (index < 0 ? index + extent : index)) : undefined;
  const stored = known ? lowering.program.indices(known, indexShape) : lowering.read(indices, "float");
  const result = lowering.writeLike(y, form, indexShape.length === 1 ? layout : rowMajor(lowering.shape(y).length), tensor);
  lowering.emit("GATHER", [tensor, stored], [result], { kind: "GatherOptions", axis: storedAxis(layout, axis), batchDims: 0 });
};
