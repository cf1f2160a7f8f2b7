import type { Value } from "@vlm-export/ir";
import { floatOf, intOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** com.microsoft FusedMatMul, alpha · A · B with the last two axes of either side swapped on demand, as Transpose, MatMul and Mul. */
export const fusedMatMul: NodeRule = {
  op: "FusedMatMul",
  domain: "com.microsoft",
  convert(node, build) {
    const [a, b] = node.inputs;
    const permA = a && permOf(a, intOf(node, "transA", 0) !== 0);
    const permB = b && permOf(b, intOf(node, "transB", 0) !== 0);
    const alpha = floatOf(node, "alpha", 1);
    const factor = numbersTensor(a?.type.dtype ?? "f32", [alpha], []);
    if (!a || !b) return "a required input is missing";
    if (!permA || !permB) return "it transposes an input of unknown rank, or of rank below 2";
    if (swapsBatch(node)) return "attribute transBatchA or transBatchB moves the batch axis";
    if (!factor) return `elements of type ${a.type.dtype} have no factor`;
    const operands = [permuted(a, permA, build), permuted(b, permB, build)];
    if (alpha === 1) build.emit("MatMul", operands);
    else build.emit("Mul", [build.inner("MatMul", operands), build.constant("alpha", factor)]);
    return undefined;
  },
};

function swapsBatch(node: SourceNode): boolean {
  return intOf(node, "transBatchA", 0) !== 0 || intOf(node, "transBatchB", 0) !== 0;
}

/** The order of axes with the last two swapped, empty for no change; undefined when the rank is not known or below 2. */
function permOf(value: Value, swap: boolean): readonly number[] | undefined {
  if (!swap) return [];
  const rank = value.type.shape?.length ?? 0;
  return rank < 2 ? undefined : Array.from({ length: rank }, (_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
}

function permuted(value: Value, perm: readonly number[], build: NodeBuilder): Value {
  return perm.length === 0 ? value : build.inner("Transpose", [value], { perm });
}
