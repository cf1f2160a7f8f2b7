import type { OpDef, TensorData } from "@vlm-export/ir";
import { f32Tensor, i64Tensor } from "@vlm-export/ir";
import type { AttributeReader } from "../attributes.js";
import { onnxOp } from "../define-op.js";
import { opNotEvaluated } from "../errors.js";
import { UNKNOWN } from "../op-call.js";
import { integersOf, isSmallInteger } from "../small-tensor.js";
import { stringTensor } from "../take.js";

/** ONNX Constant; importers turn it into a constant of the graph. */
export const constant: OpDef = onnxOp({
  name: "Constant",
  doc: "the value that an attribute holds",
  since: 1,
  quant: "float",
  infer: (call) => {
    const value = valueOf(call);
    return [value ? { dtype: value.dtype, shape: value.shape } : UNKNOWN];
  },
  elements: (call) => {
    const value = valueOf(call);
    return value && isSmallInteger(value, 1024) ? integersOf(value) : undefined;
  },
  evaluate: (call) => {
    const value = valueOf(call);
    if (!value) throw opNotEvaluated("Constant", "a sparse value");
    return [value];
  },
});

function valueOf(call: AttributeReader): TensorData | undefined {
  const texts = call.has("value_string") ? [call.text("value_string")] : (call.attrs["value_strings"] as readonly string[] | undefined);
  if (call.has("value")) return call.attrs["value"] as TensorData;
  if (call.has("value_float")) return f32Tensor([call.float("value_float")], []);
  if (call.has("value_int")) return i64Tensor([call.int("value_int")], []);
  const [floats, ints] = [call.numbers("value_floats"), call.numbers("value_ints")];
  if (floats) return f32Tensor(floats, [floats.length]);
  if (ints) return i64Tensor(ints);
  const encoder = new TextEncoder();
  return (
    texts &&
    stringTensor(
      call.has("value_string") ? [] : [texts.length],
      texts.map((text) => encoder.encode(text)),
    )
  );
}
