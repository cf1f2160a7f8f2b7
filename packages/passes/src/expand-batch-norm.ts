import { type GraphEditor, type Node, type Pass, type Value } from "@vlm-export/ir";
import { type Affine, batchNormAffine } from "./affine.js";
import { finiteTensor } from "./float-constant.js";
import { rankOf } from "./match.js";

/**
 * A BatchNormalization that no layer before it takes up, over pictures → a depthwise 1×1 Conv: one product and its int32 bias, with no value
 * between them that would be rounded. Over other ranks, and in f64, for which ONNX Runtime has no Conv → Mul and Add with one constant per
 * channel.
 */
export const expandBatchNorm: Pass = {
  name: "normalize/expand-batch-norm",

  run(edit) {
    let modified = false;
    for (const norm of edit.graph.nodes) {
      const affine = batchNormAffine(norm);
      if (affine) modified = expand(edit, norm, affine) || modified;
    }
    return { modified };
  },
};

function expand(edit: GraphEditor, norm: Node, affine: Affine): boolean {
  const [x] = norm.inputs;
  const [output] = norm.outputs;
  const rank = x ? (rankOf(x) ?? 0) : 0;
  if (!x || !output || rank < 2) return false;
  const result = rank === 4 && output.type.dtype !== "f64" ? depthwise(edit, norm, affine) : scaled(edit, norm, { affine, rank });
  if (result) edit.replaceAllUses(output, result);
  return result !== undefined;
}

function depthwise(edit: GraphEditor, norm: Node, { factor, shift }: Affine): Value | undefined {
  const channels = factor.length;
  const constants = constantsOf(edit, norm, { factor: [channels, 1, 1, 1], shift: [channels] }, { factor, shift });
  return constants && edit.insert("Conv", [norm.inputs[0] as Value, ...constants], { group: channels }, { origin: norm.origin })[0];
}

function scaled(edit: GraphEditor, norm: Node, { affine, rank }: { readonly affine: Affine; readonly rank: number }): Value | undefined {
  const shape = [affine.factor.length, ...Array.from({ length: rank - 2 }, () => 1)];
  const constants = constantsOf(edit, norm, { factor: shape, shift: shape }, affine);
  if (!constants) return undefined;
  const { origin } = norm;
  const product = edit.insert("Mul", [norm.inputs[0] as Value, constants[0]], {}, { origin })[0] as Value;
  return edit.insert("Add", [product, constants[1]], {}, { origin })[0];
}

/** `<norm>_scale` and `<norm>_shift` in the type of the output; undefined when it does not hold one of their numbers. */
function constantsOf(
  edit: GraphEditor,
  { name, outputs: [output] }: Node,
  shapes: Readonly<Record<keyof Affine, readonly number[]>>,
  affine: Affine,
): readonly [factor: Value, shift: Value] | undefined {
  const dtype = (output as Value).type.dtype;
  const factor = finiteTensor(dtype, shapes.factor, affine.factor);
  const shift = finiteTensor(dtype, shapes.shift, affine.shift);
  if (!factor || !shift) return undefined;
  return [edit.addConstant(edit.freshName(`${name}_scale`), factor), edit.addConstant(edit.freshName(`${name}_shift`), shift)];
}
