import type { Dim, OpDef } from "@vlm-export/ir";
import { broadcastIndices, broadcastShapes } from "../broadcast.js";
import { onnxOp } from "../define-op.js";
import type { InferCall } from "../op-call.js";
import { flagsOf } from "../small-tensor.js";
import { takeFrom } from "../take.js";

/** ONNX Where. */
export const where: OpDef = onnxOp({
  name: "Where",
  doc: "z = x where the condition holds, y elsewhere",
  since: 9,
  quant: "compute",
  quantizable: [undefined, "activation", "activation"],
  infer: (call) => [
    {
      dtype: call.dtype(1) === "unknown" ? call.dtype(2) : call.dtype(1),
      shape: broadcastShapes(call, [call.shape(0), call.shape(1), call.shape(2)]),
    },
  ],
  elements: choose,
  evaluate: (call) => {
    const { shape } = call.output();
    const sources = [call.data(1), call.data(2)];
    const flags = flagsOf(call.data(0));
    const condition = broadcastIndices(call.data(0).shape, shape);
    const indices = sources.map((data) => broadcastIndices(data.shape, shape));
    const source = (k: number): number => (flags[condition[k] as number] ? 0 : 1);
    return [takeFrom(sources, shape, { source, index: (k) => indices[source(k)]?.[k] as number })];
  },
});

/** Elements of vectors or scalars, where the condition is known. */
function choose(call: InferCall): readonly Dim[] | undefined {
  const constant = call.constant(0);
  const condition = constant ? Array.from(flagsOf(constant)) : call.elements(0);
  const [x, y] = [call.elements(1), call.elements(2)];
  if (!condition || !x || !y || call.inputs.some((input) => (input?.shape?.length ?? 2) > 1)) return undefined;
  const count = Math.max(condition.length, x.length, y.length);
  const at = (list: readonly Dim[], k: number): Dim => list[list.length === 1 ? 0 : k] as Dim;
  return Array.from({ length: count }, (_, k) => (at(condition, k) === 0 ? at(y, k) : at(x, k)));
}
