import type { OpDef } from "@vlm-export/ir";
import { onnxOp } from "../define-op.js";
import { opAttribute } from "../errors.js";
import { checkRank } from "../extents.js";
import { indexIn } from "../indices.js";
import type { EvaluateCall } from "../op-call.js";
import { integersOf, numbersOf, tensorOf } from "../small-tensor.js";

/** ONNX RotaryEmbedding of [batch, heads, sequence, head size] or [batch, sequence, heads · head size]. */
export const rotaryEmbedding: OpDef = onnxOp({
  name: "RotaryEmbedding",
  doc: "pairs (a, b) of the first rotary_embedding_dim elements of each head become (cos·a − sin·b, sin·a + cos·b)",
  since: 23,
  quant: "compute",
  quantizable: ["activation", "activation", "activation"],
  infer: (call) => {
    const shape = call.shape(0);
    checkRank("RotaryEmbedding", "X", shape, 3, 4);
    checkRank("RotaryEmbedding", "cos_cache", call.shape(1), call.given(3) ? 2 : 3);
    checkRank("RotaryEmbedding", "sin_cache", call.shape(2), call.given(3) ? 2 : 3);
    if (shape?.length === 3 && call.int("num_heads", 0) < 1)
      throw opAttribute("RotaryEmbedding", "num_heads", "absent", "the number of heads, since X has rank 3");
    return [{ dtype: call.dtype(0), shape }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const values = numbersOf(data);
    const out = Float64Array.from(values);
    const { half, headSize, place, rotation } = layoutOf(call);
    const interleaved = call.int("interleaved") !== 0;
    for (let head = 0; head * headSize < values.length; head += 1) {
      const [cos, sin] = rotation(place(head));
      for (let i = 0; i < half; i += 1) {
        const a = head * headSize + (interleaved ? 2 * i : i);
        const b = interleaved ? a + 1 : a + half;
        const [x, y] = [values[a] as number, values[b] as number];
        out[a] = cos(i) * x - sin(i) * y;
        out[b] = sin(i) * x + cos(i) * y;
      }
    }
    return [tensorOf(data.dtype, data.shape, out)];
  },
});

interface Layout {
  readonly half: number;
  readonly headSize: number;
  /** Flat [batch, sequence] position of the head vector with that number. */
  place(head: number): number;
  rotation(place: number): readonly [(i: number) => number, (i: number) => number];
}

function layoutOf(call: EvaluateCall): Layout {
  const { shape } = call.data(0);
  const heads = shape.length === 4 ? (shape[1] as number) : call.int("num_heads");
  const sequence = (shape.length === 4 ? shape[2] : shape[1]) as number;
  const headSize = shape.length === 4 ? (shape[3] as number) : (shape[2] as number) / heads;
  const rotated = call.int("rotary_embedding_dim") || headSize;
  if (rotated > headSize || rotated % 2 !== 0)
    throw opAttribute("RotaryEmbedding", "rotary_embedding_dim", `${rotated}`, `an even number up to ${headSize}`);
  const [cos, sin] = [call.data(1), call.data(2)];
  const [cosines, sines] = [numbersOf(cos), numbersOf(sin)];
  const width = cos.shape.at(-1) as number;
  const ids = call.optional(3);
  const rows = ids ? integersOf(ids).map((id) => indexIn("RotaryEmbedding", id, cos.shape[0] as number)) : undefined;
  return {
    half: rotated / 2,
    headSize,
    place: (head) => (shape.length === 4 ? Math.floor(head / (heads * sequence)) * sequence + (head % sequence) : Math.floor(head / heads)),
    rotation: (place) => {
      const row = (rows ? (rows[place] as number) : place) * width;
      return [(i) => cosines[row + i] as number, (i) => sines[row + i] as number];
    },
  };
}
