import type { Value } from "@vlm-export/ir";
import type { Builder } from "./graphs.fixture.js";

/** Hidden size, heads and their size of all transformers here. */
export const HIDDEN = 8;
const HEADS = 2;
const SIZE = HIDDEN / HEADS;

/** [1, length, hidden] → [1, heads, length, size]. */
export function toHeads(b: Builder, x: Value, heads: number = HEADS): Value {
  return b.op("Transpose", [b.op("Reshape", [x, b.ints(0, 0, heads, SIZE)])], { perm: [0, 2, 1, 3] });
}

export function fromHeads(b: Builder, x: Value): Value {
  return b.op("Reshape", [b.op("Transpose", [x], { perm: [0, 2, 1, 3] }), b.ints(0, 0, HIDDEN)]);
}

/** softmax(q · kᵀ / √size) · v of values split into heads. */
export function attend(b: Builder, q: Value, k: Value, v: Value): Value {
  const scores = b.op("Div", [b.op("MatMul", [q, b.op("Transpose", [k], { perm: [0, 1, 3, 2] })]), Math.sqrt(SIZE)]);
  return b.op("MatMul", [b.op("Softmax", [scores], { axis: -1 }), v]);
}

/** Attention with projections of its own, all with bias; keys and values from `memory`. */
export function attention(b: Builder, x: Value, memory: Value = x): Value {
  const [q, k, v] = [x, memory, memory].map((source) => toHeads(b, b.linear(source, HIDDEN, HIDDEN))) as [Value, Value, Value];
  return b.linear(fromHeads(b, attend(b, q, k, v)), HIDDEN, HIDDEN);
}

/** One projection for queries, keys and values, cut by Split. */
export function fusedAttention(b: Builder, x: Value): Value {
  const all = b.linear(x, HIDDEN, 3 * HIDDEN);
  const [q, k, v] = b.ops("Split", [all, b.ints(HIDDEN, HIDDEN, HIDDEN)], { axis: -1 }, 3).map((part) => toHeads(b, part)) as [
    Value,
    Value,
    Value,
  ];
  return b.linear(fromHeads(b, attend(b, q, k, v)), HIDDEN, HIDDEN);
}

/** Queries in two heads, keys and values in one that is repeated, with rotated halves, without bias. */
export function groupedAttention(b: Builder, x: Value): Value {
  const project = (width: number): Value => b.op("MatMul", [x, b.random(HIDDEN, width)]);
  const [cos, sin] = [b.input(b.edit.freshName("cos"), [1, 1, "s", SIZE]), b.input(b.edit.freshName("sin"), [1, 1, "s", SIZE])];
  const rotate = (value: Value): Value => {
    const [first, second] = b.ops("Split", [value, b.ints(SIZE / 2, SIZE / 2)], { axis: -1 }, 2) as [Value, Value];
    const turned = b.op("Concat", [b.op("Neg", [second]), first], { axis: -1 });
    return b.op("Add", [b.op("Mul", [value, cos]), b.op("Mul", [turned, sin])]);
  };
  const repeat = (value: Value): Value => {
    const one = b.op("Unsqueeze", [value, b.ints(2)]);
    return b.op("Reshape", [b.op("Concat", [one, one], { axis: 2 }), b.ints(1, HEADS, -1, SIZE)]);
  };
  const q = rotate(toHeads(b, project(HIDDEN)));
  const [k, v] = [repeat(rotate(toHeads(b, project(SIZE), 1))), repeat(toHeads(b, project(SIZE), 1))] as [Value, Value];
  return b.op("MatMul", [fromHeads(b, attend(b, q, k, v)), b.random(HIDDEN, HIDDEN)]);
}

export function layerNorm(b: Builder, x: Value): Value {
  return b.op("LayerNormalization", [x, b.random(HIDDEN), b.random(HIDDEN)]);
}

export function rmsNorm(b: Builder, x: Value): Value {
  return b.op("RMSNormalization", [x, b.random(HIDDEN)]);
}

export function perceptron(b: Builder, x: Value): Value {
  return b.linear(b.op("Gelu", [b.linear(x, HIDDEN, 16)]), 16, HIDDEN);
}

/** down(silu(gate) · up). */
export function gatedPerceptron(b: Builder, x: Value): Value {
  const up = b.op("MatMul", [x, b.random(HIDDEN, 16)]);
  const gate = b.op("MatMul", [x, b.random(HIDDEN, 16)]);
  const product = b.op("Mul", [b.op("Mul", [gate, b.op("Sigmoid", [gate])]), up]);
  return b.op("MatMul", [product, b.random(16, HIDDEN)]);
}

/** x + part(norm(x)). */
export function residual(
  b: Builder,
  x: Value,
  part: (b: Builder, x: Value) => Value,
  norm: (b: Builder, x: Value) => Value = layerNorm,
): Value {
  return b.op("Add", [x, part(b, norm(b, x))]);
}

/** Pre-norm blocks of attention and perceptron. */
export function blocks(b: Builder, x: Value, count: number, part: (b: Builder, x: Value) => Value = attention): Value {
  return Array.from({ length: count }).reduce<Value>((stream) => residual(b, residual(b, stream, part), perceptron), x);
}

/** Patches of a picture as tokens: [1, 4, hidden]. */
export function patches(b: Builder): Value {
  const conv = b.op("Conv", [b.input("pixels", [1, 3, 8, 8]), b.random(HIDDEN, 3, 4, 4), b.random(HIDDEN)], { strides: [4, 4] });
  return b.op("Transpose", [b.op("Reshape", [conv, b.ints(1, HIDDEN, -1)])], { perm: [0, 2, 1] });
}

/** Rows of a table of embeddings for ids: [1, s, hidden]. */
export function embeddings(b: Builder, rows = 32): Value {
  return b.op("Gather", [b.random(rows, HIDDEN), b.input("ids", [1, "s"], "i64")], { axis: 0 });
}
