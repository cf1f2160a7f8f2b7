import type { Value } from "@vlm-export/ir";
import { floatOf, intOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** com.microsoft FusedMatMul, alpha · A · B with the last two axes of either side swapped on demand, as Transpose, MatMul and Mul. */
export const fusedMatMul: NodeRule = {
  op: "FusedMatMul",
  domain: "com.microsoft",
  convert(node, build) {
    const [a, b] = node.inputs;
    if (!a || !b || intOf(node, "transBatchA", 0) !== 0 || intOf(node, "transBatchB", 0) !== 0) return false;
    const [swapA, swapB] = [intOf(node, "transA", 0) !== 0, intOf(node, "transB", 0) !== 0];
    const alpha = floatOf(node, "alpha", 1);
    const factor = numbersTensor(a.type.dtype, [alpha], []);
    if ((swapA && rankOf(a) < 2) || (swapB && rankOf(b) < 2) || (alpha !== 1 && !factor)) return false;
    const operands = [swapA ? swapped(a, build) : a, swapB ? swapped(b, build) : b];
    if (alpha === 1 || !factor) build.emit("MatMul", operands);
    else build.emit("Mul", [build.inner("MatMul", operands), build.constant("alpha", factor)]);
    return undefined;
  },
};

function rankOf(value: Value): number {
  return value.type.shape?.length ?? 0;
}

function swapped(value: Value, build: NodeBuilder): Value {
  const rank = rankOf(value);
  const perm = Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return build.inner("Transpose", [value], { perm });
}
