import { type Dim, i64Tensor, staticShape } from "@vlm-export/ir";
import { intOf } from "../read-attrs.js";
import type { NodeRule } from "../rule.js";

/**
 * Softmax, LogSoftmax, Hardmax: until opset 13 they flattened the input to a matrix at `axis` (default 1) and ran along its
 * rows; from then on they run along `axis` alone. The two agree when at most one extent from `axis` on differs from 1.
 */
export const softmax: readonly NodeRule[] = ["Softmax", "LogSoftmax", "Hardmax"].map((op) => ({
  op,
  domain: "",
  below: 13,
  convert(node, build) {
    const [x = null] = node.inputs;
    const axis = intOf(node, "axis", 1);
    const single = singleAxis(x?.type.shape, axis);
    if (single !== undefined || !x) return void build.emit(op, [x], { axis: single ?? axis });
    const rows = build.inner(op, [build.inner("Flatten", [x], { axis })], { axis: 1 });
    const known = staticShape(x.type);
    build.emit("Reshape", [rows, known ? build.constant("shape", i64Tensor(known)) : build.inner("Shape", [x])]);
    return undefined;
  },
}));

/**
 * The only axis from `axis` on whose extent is not 1, the last one when all are 1, any where the input has no elements; undefined when there are
 * several or it is not known.
 */
function singleAxis(shape: readonly Dim[] | undefined, axis: number): number | undefined {
  if (!shape) return axis === -1 ? -1 : undefined;
  const first = axis < 0 ? axis + shape.length : axis;
  const wide = shape.flatMap((extent, i) => (i >= first && extent !== 1 ? [i] : []));
  return wide.length > 1 && !shape.includes(0) ? undefined : (wide[0] ?? shape.length - 1);
}
