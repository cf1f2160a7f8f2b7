import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder, type Builder } from "../graphs.fixture.js";
import { ATTN, BLOCK, below, MLP, rolesOf } from "../roles.fixture.js";
import {
  attend,
  attention,
  blocks,
  embeddings,
  fromHeads,
  HIDDEN,
  layerNorm,
  patches,
  perceptron,
  residual,
  toHeads,
} from "../transformers.fixture.js";

type Part = (b: Builder, x: Value) => Value;

/** Roles of one pre-norm block with that attention, without those before it. */
function blockRoles(part: Part): readonly string[] {
  const b = builder();
  const roles = rolesOf(b.finish(blocks(b, patches(b), 1, part)));
  return roles.filter((role) => role.includes("block"));
}

/** q, k and v by projections of their own, in heads. */
function threeHeads(b: Builder, x: Value): readonly [Value, Value, Value] {
  return [0, 1, 2].map(() => toHeads(b, b.linear(x, HIDDEN, HIDDEN))) as [Value, Value, Value];
}

const finished = (b: Builder, context: Value): Value => b.linear(fromHeads(b, context), HIDDEN, HIDDEN);

const transposed = (b: Builder, x: Value): Value => b.op("Transpose", [x], { perm: [0, 1, 3, 2] });

test("scores with a cap by tanh", () => {
  const capped: Part = (b, x) => {
    const [q, k, v] = threeHeads(b, x);
    const scores = b.op("MatMul", [q, transposed(b, k)]);
    const cap = b.op("Mul", [b.op("Tanh", [b.op("Div", [scores, 50])]), 50]);
    return finished(b, b.op("MatMul", [b.op("Softmax", [cap], { axis: -1 }), v]));
  };
  expect(blockRoles(capped)).toEqual(below("vision.block.0", ...BLOCK));
});

test("scores and probabilities mixed over heads", () => {
  const mixed: Part = (b, x) => {
    const [q, k, v] = threeHeads(b, x);
    const mix = (value: Value): Value =>
      b.op("Transpose", [b.linear(b.op("Transpose", [value], { perm: [0, 2, 3, 1] }), 2, 2)], { perm: [0, 3, 1, 2] });
    const weights = b.op("Softmax", [mix(b.op("MatMul", [q, transposed(b, k)]))], { axis: -1 });
    return finished(b, b.op("MatMul", [mix(weights), v]));
  };
  const roles = blockRoles(mixed);
  expect(roles.filter((role) => role !== "vision.block.0.attn")).toEqual(below("vision.block.0", ...BLOCK));
});

test("an activation before the projection of the result", () => {
  const activated: Part = (b, x) => {
    const [q, k, v] = threeHeads(b, x);
    return b.linear(b.op("HardSwish", [fromHeads(b, attend(b, q, k, v))]), HIDDEN, HIDDEN);
  };
  expect(blockRoles(activated)).toEqual(below("vision.block.0", ...BLOCK));
});

test("keys repeated by shapes that are computed from them", () => {
  const b = builder();
  const repeated: Part = (_, x) => {
    const [q, k, v] = threeHeads(b, x);
    const grown = (value: Value): Value => Array.from({ length: 8 }).reduce<Value>((last) => b.op("Mul", [last, b.ints(1)]), value);
    const extents = (value: Value): readonly Value[] =>
      [0, 1, 2, 3].map((axis) => grown(b.op("Gather", [b.op("Shape", [value]), b.ints(axis)], { axis: 0 })));
    const again = (value: Value): Value => {
      const shape = b.op("Concat", [...extents(value)], { axis: 0 });
      const wide = b.op("Expand", [
        b.op("Unsqueeze", [value, b.ints(2)]),
        b.op("Concat", [...extents(value), ...extents(value)].slice(0, 5), { axis: 0 }),
      ]);
      return b.op("Reshape", [b.op("Slice", [wide, b.ints(0), b.op("Gather", [shape, b.ints(3)]), b.ints(4)]), shape]);
    };
    return finished(b, attend(b, q, again(k), again(v)));
  };
  const roles = rolesOf(b.finish(blocks(b, embeddings(b), 2, repeated)));
  expect(roles).toEqual(["language.embed", ...[0, 1].flatMap((i) => below(`language.block.${i}`, ...BLOCK))]);
});

test("one projection cut by slices with computed ends is qkv", () => {
  const sliced: Part = (b, x) => {
    const all = b.linear(x, HIDDEN, 3 * HIDDEN);
    const end = (count: number): Value =>
      b.op("Mul", [b.op("Div", [b.op("Slice", [b.op("Shape", [all]), b.ints(2), b.ints(3)]), b.ints(3)]), b.ints(count)]);
    const [q, k, v] = [0, 1, 2].map((i) => toHeads(b, b.op("Slice", [all, end(i), end(i + 1), b.ints(2)]))) as [Value, Value, Value];
    return finished(b, attend(b, q, k, v));
  };
  expect(blockRoles(sliced).slice(0, 3)).toEqual(below("vision.block.0", "norm1", "attn.qkv", "attn.scores"));
});

test("queries pooled from several rows are no learned ones", () => {
  const pooled: Part = (b, x) => {
    const [q, k, v] = threeHeads(b, x);
    const fewer = b.op("ReduceMax", [b.op("Reshape", [q, b.ints(1, 2, 2, 2, HIDDEN / 2)]), b.ints(3)], { keepdims: 0 });
    return finished(b, attend(b, fewer, k, v));
  };
  const b = builder();
  const shorter = residual(b, pooled(b, layerNorm(b, patches(b))), perceptron);
  expect(rolesOf(b.finish(shorter))).toEqual(["vision.patch_embed", ...below("vision.block.0", ...BLOCK)]);
});

test("layers that each read a view of their own are self attention", () => {
  const flat: Part = (b, x) => {
    const project = (): Value => {
      const rows = b.op("Gemm", [b.op("Reshape", [x, b.ints(-1, HIDDEN)]), b.random(HIDDEN, HIDDEN), b.random(HIDDEN)]);
      return toHeads(b, b.op("Reshape", [rows, b.ints(1, 4, HIDDEN)]));
    };
    return finished(b, attend(b, project(), project(), project()));
  };
  expect(blockRoles(flat)).toEqual(below("vision.block.0", ...BLOCK));
});

test("keys of a sequence that a convolution shortens: it and its norm belong to the attention", () => {
  const shortened: Part = (b, x) => {
    const map = b.op("Reshape", [b.op("Transpose", [x], { perm: [0, 2, 1] }), b.ints(1, HIDDEN, 2, 2)]);
    const small = b.op("Conv", [map, b.random(HIDDEN, HIDDEN, 2, 2), b.random(HIDDEN)], { strides: [2, 2] });
    const rows = layerNorm(b, b.op("Transpose", [b.op("Reshape", [small, b.ints(1, HIDDEN, -1)])], { perm: [0, 2, 1] }));
    return attention(b, x, rows);
  };
  const [norm1, ...others] = blockRoles(shortened);
  expect([norm1, ...others.filter((role) => !role.includes(".mlp"))].sort()).toEqual(
    below("vision.block.0", "norm1", "norm2", ...ATTN, "attn", "attn.k_norm").sort(),
  );
});

test("one row that attends to all of them is self attention", () => {
  const b = builder();
  const x = layerNorm(b, blocks(b, patches(b), 1));
  const row = b.op("Slice", [x, b.ints(0), b.ints(1), b.ints(1)]);
  const [q, k, v] = [row, x, x].map((source) => toHeads(b, b.linear(source, HIDDEN, HIDDEN))) as [Value, Value, Value];
  const roles = rolesOf(b.finish(residual(b, finished(b, attend(b, q, k, v)), perceptron)));
  expect(roles.slice(-11)).toEqual(below("vision.block.1", "norm1", ...ATTN, "norm2", ...MLP));
});

test("rotation and attention as operators of another domain", () => {
  const b = builder();
  const angles = [b.random(16, 2), b.random(16, 2)];
  const opaque: Part = (_, x) => {
    const [q, k, v] = [0, 1, 2].map(() => b.op("MatMul", [x, b.random(HIDDEN, HIDDEN)])) as [Value, Value, Value];
    const [turnedQ, turnedK] = [q, k].map((value) =>
      b.op("com.microsoft::RotaryEmbedding", [value, b.input(b.edit.freshName("p"), [1, 1], "i64"), ...angles]),
    ) as [Value, Value];
    return b.op("MatMul", [b.op("com.microsoft::GroupQueryAttention", [turnedQ, turnedK, v]), b.random(HIDDEN, HIDDEN)]);
  };
  const roles = rolesOf(b.finish(residual(b, residual(b, embeddings(b), opaque), perceptron)));
  expect(roles.filter((role) => /attn\.\w+$/.test(role))).toEqual(below("language.block.0.attn", "q", "k", "v", "out"));
});

test("products of another domain, whose weights are kept in another form", () => {
  const b = builder();
  const project = (x: Value): Value => b.op("com.microsoft::MatMulNBits", [x, b.random(HIDDEN, 1, 4), b.random(HIDDEN)]);
  const norm = (x: Value): Value => b.op("com.microsoft::SimplifiedLayerNormalization", [x, b.random(HIDDEN)]);
  const x = embeddings(b);
  const normed = norm(x);
  const [q, k, v] = [0, 1, 2].map(() => project(normed)) as [Value, Value, Value];
  const attended = b.op("Add", [x, project(b.op("com.microsoft::GroupQueryAttention", [q, k, v]))]);
  const again = norm(attended);
  const gated = b.op("Mul", [b.op("HardSwish", [project(again)]), project(again)]);
  expect(rolesOf(b.finish(b.op("Add", [attended, project(gated)])))).toEqual([
    "language.embed",
    ...below("language.block.0", "norm1", "attn.q", "attn.k", "attn.v", "attn.out", "norm2", "mlp.gate", "mlp.up", "mlp.down"),
  ]);
});
