import { type Layout, storedAxis } from "../../layout.js";
import { fromStart } from "../from-end.js";
import { axisIn, formOf, inputOf, knownElements, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Gather along one axis, in the operand's layout, by indices that are known, or computed as int32; those below 0 count from the end. */
export const gather: LowerNode = (lowering, node) => {
  const [x, indices, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const form = formOf("moves", [x], y);
  const { tensor, layout } = lowering.place(x, form);
  const axis = axisIn(numberAttr(node, "axis", 0), layout.length);
  const indexShape = lowering.shape(indices);
  const extent = lowering.shape(x)[axis] ?? 1;
  const isKnown = indices.data !== undefined || indices.elements !== undefined;
  const stored = isKnown
    ? lowering.program.indices(
        knownElements(node, 1).map((index) => (index < 0 ? index + extent : index)),
        indexShape,
      )
    : fromStart(lowering, indices, node.name, [extent]);
  const result = lowering.writeLike(y, form, gathered(layout, axis, indexShape.length), tensor);
  lowering.emit("GATHER", [tensor, stored], [result], { kind: "GatherOptions", axis: storedAxis(layout, axis), batchDims: 0 });
};

/** Where `axis` was, the axes of the indices are. */
function gathered(layout: Layout, axis: number, rank: number): Layout {
  return layout.flatMap((other) => {
    if (other === axis) return Array.from({ length: rank }, (_, i) => axis + i);
    return [other < axis ? other : other + rank - 1];
  });
}
