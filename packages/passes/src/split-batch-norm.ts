import { type GraphEditor, type Node, type Pass, type Value } from "@vlm-export/ir";
import { type Affine, batchNormAffine } from "./affine.js";
import { finiteTensor } from "./float-constant.js";
import { rankOf } from "./match.js";

/** A BatchNormalization that no layer before it takes up → Mul and Add with one constant per channel. */
export const splitBatchNorm: Pass = {
  name: "normalize/split-batch-norm",

  run(edit) {
    let modified = false;
    for (const norm of edit.graph.nodes) {
      const affine = batchNormAffine(norm);
      if (affine) modified = split(edit, norm, affine) || modified;
    }
    return { modified };
  },
};

function split(edit: GraphEditor, norm: Node, { factor, shift }: Affine): boolean {
  const [x] = norm.inputs;
  const [output] = norm.outputs;
  const rank = x ? (rankOf(x) ?? 0) : 0;
  if (!x || !output || rank < 2) return false;
  const shape = [factor.length, ...Array.from({ length: rank - 2 }, () => 1)];
  const [gain, offset] = [factor, shift].map((values) => finiteTensor(output.type.dtype, shape, values));
  if (!gain || !offset) return false;
  const { origin } = norm;
  const [scaled] = edit.insert("Mul", [x, edit.addConstant(edit.freshName(`${norm.name}_scale`), gain)], {}, { origin });
  const [shifted] = edit.insert("Add", [scaled as Value, edit.addConstant(edit.freshName(`${norm.name}_shift`), offset)], {}, { origin });
  edit.replaceAllUses(output, shifted as Value);
  return true;
}
