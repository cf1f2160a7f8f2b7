import type { TensorData } from "@vlm-export/ir";
import { divided } from "../equalize/scaled-weight.js";
import { quantEqualized } from "../errors.js";
import { floatConstant } from "../weights/float-constant.js";
import { nodeOf, type Rewrite } from "./rewrite.js";

/** Divides gain and bias of the equalized norms by their factors, in the types that they have; the weights that read them were multiplied before quantization. */
export function applyEqualization(rewrite: Rewrite): void {
  const { edit, equalization, tools } = rewrite;
  const changed = equalization.norms.filter(({ factors }) => factors.some((factor) => factor !== 1));
  for (const { norm, factors } of changed) {
    const node = nodeOf(rewrite, norm.node);
    for (const { index, value } of node ? norm.parameters : []) {
      const data = value.data as TensorData;
      const scaled = floatConstant(divided(data, factors), data.dtype, data.shape, tools.kernels);
      const constant = edit.addConstant(edit.freshName(`${value.name}_equalized`), scaled, undefined, value.role);
      if (node) edit.replaceInput(node, index, constant);
    }
  }
  if (changed.length > 0) rewrite.report(quantEqualized(changed.length));
}
