import type { Dim, OpDef, TensorData } from "@vlm-export/ir";
import { elementCount, f32Tensor } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import { rankFromVector } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { shapeText } from "../shape-math.js";
import { integersOf, isSmallInteger } from "../small-tensor.js";
import { take } from "../take.js";

/** ONNX ConstantOfShape. */
export const constantOfShape: OpDef = onnxOp({
  name: "ConstantOfShape",
  doc: "a tensor of the given shape, filled with `value`; by default f32 zeros",
  since: 9,
  quant: "float",
  infer: (call) => [{ dtype: valueOf(call).dtype, shape: filledShape(call) }],
  elements: (call) => {
    const shape = call.integers(0);
    const value = valueOf(call);
    if (!shape || !isSmallInteger(value, 1) || elementCount(shape) > 1024) return undefined;
    const [element] = integersOf(value) as [Dim];
    return Array.from({ length: elementCount(shape) }, () => element);
  },
  evaluate: (call) => {
    const { shape } = call.output();
    return [take(valueOf(call), shape, new Int32Array(elementCount(shape)))];
  },
});

function valueOf(call: AttributeReader): TensorData {
  const value = call.has("value") ? (call.attrs["value"] as TensorData) : f32Tensor([0], [1]);
  if (elementCount(value.shape) !== 1) throw opValue("ConstantOfShape", "the number of elements of value", elementCount(value.shape), "1");
  return value;
}

function filledShape(call: InferCall): Shape {
  const extents = call.elements(0);
  const rank = rankFromVector(call.shape(0));
  if (!extents) return rank === undefined ? undefined : call.freshShape(rank);
  if (extents.some((extent) => typeof extent === "number" && extent < 0))
    throw opValue("ConstantOfShape", "the shape", shapeText(extents), "extents of at least 0");
  return extents;
}
