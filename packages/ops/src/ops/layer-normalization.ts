import { type Dim, elementCount, type OpDef } from "@vlm-export/ir";
import { axisOf } from "../axis.js";
import { broadcastIndices, broadcastOnto } from "../broadcast.js";
import { dtypeOfCode } from "../cast-tensor.js";
import { onnxOp } from "../define-op.js";
import { momentsOf, span } from "../normalize-groups.js";
import type { EvaluateCall } from "../op-call.js";
import { numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX LayerNormalization. Scale and B broadcast onto the normalized extents. */
export const layerNormalization: OpDef = onnxOp({
  name: "LayerNormalization",
  doc: "Y = (X − mean) / √(variance + epsilon) · Scale + B, mean and variance over the extents from `axis` on",
  since: 17,
  quant: "compute",
  quantizable: ["activation"],
  infer: (call) => {
    const shape = call.shape(0);
    const statistics = dtypeOfCode("LayerNormalization", "stash_type", call.int("stash_type"));
    const axis = shape && axisOf("LayerNormalization", call.int("axis"), shape.length);
    const reduced = shape?.map((extent: Dim, i) => (i < (axis as number) ? extent : 1));
    broadcastOnto(call, shape, call.shape(1));
    broadcastOnto(call, shape, call.shape(2));
    return [
      { dtype: call.dtype(0), shape },
      { dtype: statistics, shape: reduced },
      { dtype: statistics, shape: reduced },
    ];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const axis = axisOf("LayerNormalization", call.int("axis"), data.shape.length);
    const size = elementCount(data.shape.slice(axis));
    const values = numbersOf(data);
    const rows = Array.from({ length: elementCount(data.shape.slice(0, axis)) }, (_, row) => momentsOf(values, span(row * size, size)));
    const inverses = rows.map(({ variance }) => 1 / Math.sqrt(variance + call.float("epsilon")));
    const [scale, bias] = [parameter(call, 1, 1), parameter(call, 2, 0)];
    const y = Array.from(values, (x, i) => {
      const row = Math.floor(i / size);
      return (x - (rows[row]?.mean as number)) * (inverses[row] as number) * scale(i) + bias(i);
    });
    const means = rows.map(({ mean }) => mean);
    const { dtype, shape } = call.output(1);
    return [tensorOf(data.dtype, data.shape, y), tensorOf(dtype, shape, means), tensorOf(dtype, shape, inverses)];
  },
});

/** The broadcast parameter as a function of the flat index; `absent` where it is not given. */
function parameter(call: EvaluateCall, index: number, absent: number): (i: number) => number {
  const data = call.optional(index);
  if (!data) return () => absent;
  const values = numbersOf(data);
  const indices = broadcastIndices(data.shape, call.data(0).shape);
  return (i) => values[indices[i] as number] as number;
}
