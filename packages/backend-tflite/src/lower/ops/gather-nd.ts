import { lowerUnsupported } from "../../errors.js";
import { rowMajor } from "../../layout.js";
import { fromStart } from "../from-end.js";
import { elementsOf, formOf, inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";

/** Gather by tuples of indices over the first axes; those below 0 count from the end. */
export const gatherNd: LowerNode = (lowering, node) => {
  const [x, indices, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  if (numberAttr(node, "batch_dims", 0) !== 0) throw lowerUnsupported(node.name, "GatherND with batch axes");
  const form = formOf("moves", [x], y);
  const tensor = lowering.read(x, form);
  const [shape, indexShape] = [lowering.shape(x), lowering.shape(indices)];
  const depth = indexShape.at(-1) ?? 1;
  const known = elementsOf(indices)?.map((index, i) => (index < 0 ? index + (shape[i % depth] ?? 1) : index));
  const stored = known ? lowering.program.indices(known, indexShape) : fromStart(lowering, indices, node.name, shape.slice(0, depth));
  const result = lowering.writeLike(y, form, rowMajor(lowering.shape(y).length), tensor);
  lowering.emit("GATHER_ND", [tensor, stored], [result], { kind: "GatherNdOptions" });
};
