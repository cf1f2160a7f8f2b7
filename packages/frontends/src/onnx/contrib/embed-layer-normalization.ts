import { i64Tensor, memoryTensor, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import { floatOf } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { numbersTensor } from "../scalar.js";
import { positions } from "./positions.js";
import { untypedInput } from "./untyped-input.js";

/** Default of the operator; the plain norm has 1e-5. */
const EPSILON = 1e-12;
/** Result slots behind the norm. */
const [MASK_INDEX, SUM] = [1, 2];

/**
 * com.microsoft EmbedLayerNormalization: rows of the word, position and segment tables, added and normalized over the last axis.
 * Without position ids a token's place in the sequence is its position. The second result counts the ones in each row of the mask.
 */
export const embedLayerNormalization: NodeRule = {
  op: "EmbedLayerNormalization",
  domain: "com.microsoft",
  convert(node, build) {
    const [ids, segments, words, places, segmentTable, gamma, beta, , given] = node.inputs;
    if (!ids || !words || !places || !gamma || !beta) return "a required input is missing";
    if (Boolean(segments) !== Boolean(segmentTable)) return "one of segment_ids and segment_embedding is there without the other";
    const untyped = untypedInput(node);
    if (untyped !== undefined) return untyped;
    const rows = build.inner("Gather", [places, given ?? positions(build, ids, 1)], { axis: 0 });
    const addends = [build.inner("Gather", [words, ids], { axis: 0 }), rows];
    if (segments && segmentTable) addends.push(build.inner("Gather", [segmentTable, segments], { axis: 0 }));
    const sum = sumOf(addends, node, build);
    build.emit("LayerNormalization", [sum, gamma, beta], { axis: -1, epsilon: floatOf(node, "epsilon", EPSILON) }, [0]);
    if (node.outputs[MASK_INDEX]) emitMaskIndex(ids, node, build);
    return undefined;
  },
};

function sumOf([first, ...others]: readonly Value[], node: SourceNode, build: NodeBuilder): Value {
  return others.reduce((sum, value, i) => {
    const isNamed = i === others.length - 1 && Boolean(node.outputs[SUM]);
    return isNamed ? build.emit("Add", [sum, value], {}, [SUM]) : build.inner("Add", [sum, value]);
  }, first as Value);
}

/** How many elements of each row of the mask are 1; 0 without a mask. */
function emitMaskIndex(ids: Value, node: SourceNode, build: NodeBuilder): void {
  const mask = node.inputs[7];
  if (!mask) {
    const batch = build.inner("Shape", [ids], { start: 0, end: 1 });
    build.emit("ConstantOfShape", [batch], { value: memoryTensor("i32", [1], new Uint8Array(4)) }, [MASK_INDEX]);
    return;
  }
  const one = numbersTensor(mask.type.dtype, [1], []);
  if (!one) throw build.refuse(`a mask of type ${mask.type.dtype} has no ones`);
  const isOne = build.inner("Equal", [mask, build.constant("one", one)]);
  const counted = build.inner("Cast", [isOne], { to: codeOfDtype("i32") as number });
  build.emit("ReduceSum", [counted, build.constant("axes", i64Tensor([1]))], { keepdims: 0 }, [MASK_INDEX]);
}
