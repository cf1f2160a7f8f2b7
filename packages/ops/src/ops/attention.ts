import type { Dim, OpDef, TensorData } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { attend, type Bias, type Heads, headsOf, maskBias, presentPicks } from "../attention-core.js";
import { attentionExtents } from "../attention-shape.js";
import { onnxOp } from "../define-op.js";
import type { EvaluateCall } from "../op-call.js";
import { addDims, multiplyDims, numberOf, productOf } from "../shape-math.js";
import { integersOf, numbersOf, tensorOf } from "../small-tensor.js";
import { takeFrom } from "../take.js";

/** ONNX Attention: multi-head, grouped-query, with key-value cache, masks, causal limit and softcap. */
export const attention: OpDef = onnxOp({
  name: "Attention",
  doc: "Y = softmax(softcap(scale · Q · Kᵀ) + mask) · V for each head; past keys and values come before the new ones",
  since: 23,
  quant: "compute",
  quantizable: ["activation", "activation", "activation", undefined, "activation", "activation"],
  infer: (call) => {
    const { batch, heads, keyHeads, queries, headSize, valueSize, total } = attentionExtents(call);
    const rank = call.shape(0)?.length;
    const known = (dims: readonly (Dim | undefined)[]): readonly Dim[] => dims.map((dim) => dim ?? call.freshDim());
    const hidden = heads !== undefined && valueSize !== undefined ? multiplyDims(heads, valueSize) : undefined;
    const y = rank === 4 ? known([batch, heads, queries, valueSize]) : rank === 3 ? known([batch, queries, hidden]) : undefined;
    return [
      { dtype: call.dtype(0), shape: y },
      { dtype: call.dtype(1), shape: known([batch, keyHeads, total, headSize]) },
      { dtype: call.dtype(2), shape: known([batch, keyHeads, total, valueSize]) },
      { dtype: call.dtype(0), shape: known([batch, heads, queries, total]) },
    ];
  },
  evaluate: (call) => {
    const q = call.data(0);
    const [keyHeads, valueHeads] = [
      headsOf(call.data(1).shape, call.int("kv_num_heads", 1)),
      headsOf(call.data(2).shape, call.int("kv_num_heads", 1)),
    ];
    const [key, value] = [present(call.data(1), keyHeads, call.optional(4)), present(call.data(2), valueHeads, call.optional(5))];
    const { y, qk } = run(call, headsOf(q.shape, call.int("q_num_heads", 1)), key, value);
    return [tensorOf(q.dtype, call.output(0).shape, y), key, value, tensorOf(q.dtype, call.output(3).shape, qk)];
  },
  macs: (call) => {
    const { batch, heads, queries, headSize, valueSize, total } = attentionExtents(call);
    const size = headSize === undefined || valueSize === undefined ? undefined : addDims(headSize, valueSize);
    const all = [batch, heads, queries, total, size];
    return all.every((dim) => dim !== undefined) ? numberOf(productOf(all)) : undefined;
  },
});

function present(fresh: TensorData, layout: Heads, past: TensorData | undefined): TensorData {
  const { shape, picks } = presentPicks(fresh, layout, past);
  const at = (k: number): readonly [number, number] => picks[k] as readonly [number, number];
  return takeFrom(past ? [fresh, past] : [fresh], shape, { source: (k) => at(k)[0], index: (k) => at(k)[1] });
}

/** Sum of the biases of mask, causal limit and padding. */
function biasOf(call: EvaluateCall, queries: number): Bias {
  const [mask, past, lengths] = [call.optional(3), call.optional(4), call.optional(6)];
  const valid = lengths && integersOf(lengths);
  const masked = mask ? maskBias(mask) : (): number => 0;
  const causal = call.int("is_causal") !== 0;
  const offset = (batch: number): number => (past ? (past.shape[2] as number) : valid ? (valid[batch] as number) - queries : 0);
  return (batch, head, row, column) => {
    const hidden = (causal && column > row + offset(batch)) || (valid !== undefined && column >= (valid[batch] as number));
    return hidden ? Number.NEGATIVE_INFINITY : masked(batch, head, row, column);
  };
}

function run(
  call: EvaluateCall,
  layout: Heads,
  key: TensorData,
  value: TensorData,
): { readonly y: Float64Array; readonly qk: Float64Array } {
  const [q, k, v] = [numbersOf(call.data(0)), numbersOf(key), numbersOf(value)];
  const [keyLayout, valueLayout] = [headsOf(key.shape, 1), headsOf(value.shape, 1)];
  const batches = key.shape[0] as number;
  const outLayout = headsOf(call.output(0).shape, layout.heads);
  const y = new Float64Array(elementCount(call.output(0).shape));
  const qk = new Float64Array(batches * layout.heads * layout.sequence * keyLayout.sequence);
  const [scale, softcap, mode] = [
    call.float("scale", 1 / Math.sqrt(layout.size)),
    call.float("softcap"),
    call.int("qk_matmul_output_mode"),
  ];
  const bias = biasOf(call, layout.sequence);
  const perKeyHead = layout.heads / keyLayout.heads;
  for (let row = 0; row < batches * layout.heads * layout.sequence; row += 1) {
    const position = row % layout.sequence;
    const head = Math.floor(row / layout.sequence) % layout.heads;
    const batch = Math.floor(row / (layout.sequence * layout.heads));
    const keyHead = Math.floor(head / perKeyHead);
    const columns = Array.from({ length: keyLayout.sequence }, (_, j) => j);
    const start = layout.start(batch, head, position);
    const raw = columns.map((j) => scale * dot(q, start, k, [keyLayout.start(batch, keyHead, j), layout.size]));
    const capped = raw.map((score) => (softcap > 0 ? softcap * Math.tanh(score / softcap) : score));
    const biases = columns.map((j) => bias(batch, head, position, j));
    const weights = attend(capped, biases);
    const shown = [raw, capped, capped.map((score, j) => score + (biases[j] as number)), weights][mode] ?? raw;
    qk.set(shown, row * columns.length);
    const to = outLayout.start(batch, head, position);
    for (let i = 0; i < valueLayout.size; i += 1)
      y[to + i] = columns.reduce((sum, j) => sum + (weights[j] as number) * (v[valueLayout.start(batch, keyHead, j) + i] as number), 0);
  }
  return { y, qk };
}

function dot(a: ArrayLike<number>, aStart: number, b: ArrayLike<number>, [bStart, length]: readonly [number, number]): number {
  let sum = 0;
  for (let i = 0; i < length; i += 1) sum += (a[aStart + i] as number) * (b[bStart + i] as number);
  return sum;
}
