import type { Dim, OpDef, TensorType } from "@vlm-export/ir";
import { oneOf } from "./conv-shape.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import { checkRank } from "./extents.js";
import type { InferCall } from "./op-call.js";

const DIRECTIONS: ReadonlySet<string> = new Set(["forward", "reverse", "bidirectional"]);

/** RNN, GRU or LSTM: outputs Y of all steps, then the last state Y_h and, of an LSTM, Y_c. */
export function recurrentOp({ name, doc, since, states }: Pick<OpSpec, "name" | "doc" | "since"> & { readonly states: number }): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "compute",
    quantizable: ["activation", "weight", "weight"],
    infer: (call) => recurrentTypes(call, states),
    weightAxes: (index) => (index === 1 || index === 2 ? { channel: 1, reduce: 2 } : undefined),
  });
}

function recurrentTypes(call: InferCall, states: number): readonly TensorType[] {
  const [x, recurrence] = [call.shape(0), call.shape(2)];
  checkRank(call.op, "X", x, 3);
  checkRank(call.op, "W", call.shape(1), 3);
  checkRank(call.op, "R", recurrence, 3);
  const batchFirst = call.int("layout") === 1;
  const [first, second] = [x?.[0] ?? call.freshDim(), x?.[1] ?? call.freshDim()];
  const [steps, batch] = batchFirst ? [second, first] : [first, second];
  const directions = oneOf(call, "direction", DIRECTIONS) === "bidirectional" ? 2 : 1;
  const hidden: Dim = call.has("hidden_size") ? call.int("hidden_size") : (recurrence?.[2] ?? call.freshDim());
  const all = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden];
  const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
  const dtype = call.dtype(0);
  return [{ dtype, shape: all }, ...Array.from({ length: states }, () => ({ dtype, shape: last }))];
}
