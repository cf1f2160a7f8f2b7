import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { type Builder, builder } from "../graphs.fixture.js";
import { rewrite } from "../rewrite.fixture.js";
import { ATTN, BLOCK, below, MLP, rolesOf } from "../roles.fixture.js";
import {
  attend,
  attention,
  blocks,
  embeddings,
  fromHeads,
  fusedAttention,
  gatedPerceptron,
  groupedAttention,
  HIDDEN,
  layerNorm,
  patches,
  perceptron,
  residual,
  rmsNorm,
  toHeads,
} from "../transformers.fixture.js";
import { tagRoles } from "./tag-roles.js";

test("a vision transformer with a class token: patches, blocks, norm, head", () => {
  const b = builder();
  const x = b.op("Concat", [b.random(1, 1, HIDDEN), patches(b)], { axis: 1 });
  const first = b.op("Gather", [layerNorm(b, blocks(b, b.op("Add", [x, b.random(1, 5, HIDDEN)]), 2)), b.ints(0)], { axis: 1 });
  const logits = b.op("Gemm", [b.op("Reshape", [first, b.ints(1, HIDDEN)]), b.random(10, HIDDEN), b.random(10)], { transB: 1 });
  expect(rolesOf(b.finish(logits))).toEqual([
    "vision.patch_embed",
    "vision.embed",
    ...below("vision.block.0", ...BLOCK),
    ...below("vision.block.1", ...BLOCK),
    "vision.norm",
    "head",
  ]);
});

test.each([
  ["transposes", (b: Builder, x: Value) => b.op("Transpose", [x], { perm: [0, 1] })],
  ["casts", (b: Builder, x: Value) => b.op("Cast", [x], { to: x.type.dtype === "f32" ? 10 : 1 })],
])("a weight behind a long chain of %s is followed without deep recursion", (_, view) => {
  const b = builder();
  let weight = b.random(HIDDEN, HIDDEN);
  for (let i = 0; i < 10_000; i += 1) weight = view(b, weight);
  const graph = rewrite(b.finish(b.op("MatMul", [b.input("x", [1, HIDDEN]), weight])), tagRoles);
  expect(graph.nodes).toHaveLength(10_001);
});

test("one projection for queries, keys and values is qkv", () => {
  const b = builder();
  const roles = rolesOf(b.finish(blocks(b, patches(b), 1, fusedAttention)));
  expect(roles).toEqual([
    "vision.patch_embed",
    ...below("vision.block.0", "norm1", "attn.qkv", "attn.scores", "attn.softmax", "attn.context", "attn.out", "norm2", ...MLP),
  ]);
});

test("a projector keeps one row for each token", () => {
  const b = builder();
  const rows = blocks(b, patches(b), 1);
  const projected = b.linear(b.op("Gelu", [b.linear(rows, HIDDEN, 12)]), 12, 12);
  expect(rolesOf(b.finish(projected)).slice(-4)).toEqual([...below("vision.block.0", ...MLP), "projector.fc1", "projector.fc2"]);
});

test("a decoder with grouped keys, rotation and a gated perceptron", () => {
  const b = builder();
  const block = (x: Value): Value => residual(b, residual(b, x, groupedAttention, rmsNorm), gatedPerceptron, rmsNorm);
  const stream = block(block(embeddings(b)));
  const gated = ["norm1", ...ATTN, "norm2", "mlp.up", "mlp.gate", "mlp.down"];
  expect(rolesOf(b.finish(b.op("MatMul", [rmsNorm(b, stream), b.random(HIDDEN, 32)])))).toEqual([
    "language.embed",
    ...below("language.block.0", ...gated),
    ...below("language.block.1", ...gated),
    "language.norm",
    "language.lm_head",
  ]);
});

test("gate and up in one projection", () => {
  const b = builder();
  const split = (_: Builder, x: Value): Value => {
    const [gate, up] = b.ops("Split", [b.op("MatMul", [x, b.random(HIDDEN, 32)]), b.ints(16, 16)], { axis: -1 }, 2) as [Value, Value];
    return b.op("MatMul", [b.op("Mul", [b.op("Mul", [gate, b.op("Sigmoid", [gate])]), up]), b.random(16, HIDDEN)]);
  };
  const roles = rolesOf(b.finish(residual(b, residual(b, embeddings(b), attention), split)));
  expect(roles.slice(-2)).toEqual(["language.block.0.mlp.gate_up", "language.block.0.mlp.down"]);
});

test("a perceptron beside the attention belongs to the same block", () => {
  const b = builder();
  const parallel = (x: Value): Value => {
    const normed = layerNorm(b, x);
    const inner = perceptron(b, normed);
    return b.op("Add", [b.op("Add", [attention(b, normed), inner]), x]);
  };
  const names = ["norm1", ...MLP, ...ATTN];
  expect(rolesOf(b.finish(parallel(parallel(embeddings(b)))))).toEqual([
    "language.embed",
    ...below("language.block.0", ...names),
    ...below("language.block.1", ...names),
  ]);
});

test("attention to another sequence is the block's second", () => {
  const b = builder();
  const memory = b.input("memory", [1, "m", HIDDEN]);
  const across = (_: Builder, x: Value): Value => attention(b, x, memory);
  const block = (x: Value): Value => residual(b, residual(b, residual(b, x, attention), across), perceptron);
  const cross = ["norm2", ...ATTN.map((name) => name.replace("attn", "cross_attn")), "norm3", ...MLP];
  expect(rolesOf(b.finish(block(block(embeddings(b)))))).toEqual([
    "language.embed",
    ...below("language.block.0", "norm1", ...ATTN, ...cross),
    ...below("language.block.1", "norm1", ...ATTN, ...cross),
  ]);
});

test("attention with a learned query behind the blocks is a head", () => {
  const b = builder();
  const rows = layerNorm(b, blocks(b, patches(b), 1));
  const [k, v] = [0, 1].map(() => toHeads(b, b.linear(rows, HIDDEN, HIDDEN))) as [Value, Value];
  const pooled = b.linear(fromHeads(b, attend(b, b.random(1, 2, 1, HIDDEN / 2), k, v)), HIDDEN, HIDDEN);
  const roles = rolesOf(b.finish(residual(b, pooled, perceptron)));
  expect(roles.slice(roles.indexOf("vision.norm"))).toEqual([
    "vision.norm",
    ...below("head", "attn.k", "attn.v", "attn.scores", "attn.softmax", "attn.context", "attn.out", "norm1", ...MLP),
  ]);
});

test("norms of queries and keys", () => {
  const b = builder();
  const normed = (_: Builder, x: Value): Value => {
    const [q, k, v] = [0, 1, 2].map(() => toHeads(b, b.linear(x, HIDDEN, HIDDEN))) as [Value, Value, Value];
    const [qn, kn] = [q, k].map((value) => b.op("RMSNormalization", [value, b.random(HIDDEN / 2)])) as [Value, Value];
    return b.linear(fromHeads(b, attend(b, qn, kn, v)), HIDDEN, HIDDEN);
  };
  const roles = rolesOf(b.finish(blocks(b, embeddings(b), 1, normed)));
  expect(roles.filter((role) => role.includes("_norm"))).toEqual(below("language.block.0.attn", "q_norm", "k_norm"));
});

test("attention as one operator, with its weights inside or before it", () => {
  const b = builder();
  const fused = (_: Builder, x: Value): Value => {
    const [q, k, v] = [0, 1, 2].map(() => toHeads(b, b.linear(x, HIDDEN, HIDDEN))) as [Value, Value, Value];
    return b.linear(fromHeads(b, b.op("Attention", [q, k, v])), HIDDEN, HIDDEN);
  };
  const opaque = (_: Builder, x: Value): Value =>
    b.linear(b.op("com.microsoft::Attention", [x, b.random(HIDDEN, 3 * HIDDEN), b.random(3 * HIDDEN)]), HIDDEN, HIDDEN);
  const stream = residual(b, residual(b, embeddings(b), fused), perceptron);
  expect(rolesOf(b.finish(residual(b, residual(b, stream, opaque), perceptron)))).toEqual([
    "language.embed",
    ...below("language.block.0", "norm1", "attn.q", "attn.k", "attn.v", "attn.out", "norm2", ...MLP),
    ...below("language.block.1", "norm1", "attn.qkv", "attn.out", "norm2", ...MLP),
  ]);
});

test("a large head that reads a transposed table is lm_head all the same", () => {
  const b = builder();
  const table = b.random(32, HIDDEN);
  const x = b.op("Gather", [table, b.input("ids", [1, "s"], "i64")], { axis: 0 });
  const logits = b.op("MatMul", [layerNorm(b, blocks(b, x, 1)), b.op("Transpose", [table], { perm: [1, 0] })]);
  const roles = rolesOf(b.finish(logits));
  expect([roles[0], ...roles.slice(-2)]).toEqual(["language.embed", "language.norm", "language.lm_head"]);
});

test("a convolutional network: stem, numbered convolutions, head", () => {
  const b = builder();
  let x = b.input("pixels", [1, 3, 8, 8]);
  for (const channels of [3, 4, 4]) x = b.op("Relu", [b.op("Conv", [x, b.random(4, channels, 3, 3), b.random(4)])]);
  const flat = b.op("Flatten", [x]);
  const logits = b.op("Gemm", [b.op("Relu", [b.op("Gemm", [flat, b.random(16, 8)])]), b.random(8, 2)]);
  expect(rolesOf(b.finish(logits))).toEqual(["vision.stem", "vision.conv.1", "vision.conv.2", "head.fc1", "head.fc2"]);
});

test("components without attention go by name: projector, lm_head, embedding", () => {
  const projector = builder("f32", "mm_projector");
  const x = projector.input("features", [1, "s", HIDDEN]);
  expect(rolesOf(projector.finish(perceptron(projector, x)))).toEqual(["projector.fc1", "projector.fc2"]);
  const head = builder("f32", "lm_head");
  expect(rolesOf(head.finish(head.op("MatMul", [head.input("x", [1, "s", HIDDEN]), head.random(HIDDEN, 32)])))).toEqual([
    "language.lm_head",
  ]);
  const embed = builder();
  expect(rolesOf(embed.finish(embeddings(embed)))).toEqual(["language.embed"]);
});

test("a decoder that gets embeddings and caches is language, although caches have four dimensions", () => {
  const b = builder();
  const cached = (_: Builder, x: Value): Value => {
    const [q, k, v] = [0, 1, 2].map(() => toHeads(b, b.linear(x, HIDDEN, HIDDEN))) as [Value, Value, Value];
    const [pk, pv] = ["k", "v"].map((name) => b.input(`past_${name}`, [1, 2, "p", HIDDEN / 2])) as [Value, Value];
    const [allK, allV] = [b.op("Concat", [pk, k], { axis: 2 }), b.op("Concat", [pv, v], { axis: 2 })];
    return b.linear(fromHeads(b, attend(b, q, allK, allV)), HIDDEN, HIDDEN);
  };
  const roles = rolesOf(b.finish(blocks(b, b.input("inputs_embeds", [1, "s", HIDDEN]), 1, cached)));
  expect(roles).toEqual(below("language.block.0", ...BLOCK));
});

test("weights are named after the layer that reads them, biases too, whatever operator adds them", () => {
  const b = builder();
  const after = rewrite(b.finish(blocks(b, patches(b), 1)), tagRoles);
  const roles = after.constants.flatMap(({ role }) => role ?? []);
  expect(roles).toEqual([
    ...below("vision.patch_embed", "weight", "bias"),
    ...below("vision.block.0.norm1", "weight", "bias"),
    ...["q", "k", "v", "out"].flatMap((name) => below(`vision.block.0.attn.${name}`, "weight", "bias")),
    ...below("vision.block.0.norm2", "weight", "bias"),
    ...["fc1", "fc2"].flatMap((name) => below(`vision.block.0.mlp.${name}`, "weight", "bias")),
  ]);
  expect(after.constants.filter(({ data }) => data?.dtype === "i64").map(({ role }) => role)).toEqual(
    after.constants.filter(({ data }) => data?.dtype === "i64").map(() => undefined),
  );
});

test("residual sums and activations have roles of their own", () => {
  const b = builder();
  const { nodes } = rewrite(b.finish(blocks(b, patches(b), 1)), tagRoles);
  expect(nodes.filter(({ op }) => op === "Gelu").map(({ role }) => role)).toEqual(["vision.block.0.mlp.act"]);
  expect(nodes.map(({ role }) => role).filter((role) => role?.endsWith("residual"))).toEqual(
    below("vision.block.0", "attn.residual", "mlp.residual"),
  );
});
