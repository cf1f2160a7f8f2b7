import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { type Builder, builder } from "../graphs.fixture.js";
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

const CROSS = ATTN.map((name) => name.replace("attn", "cross_attn"));

/** Attention of every row of `x` to `memory`, then a perceptron. */
const crossBlock = (b: Builder, x: Value, memory: Value): Value =>
  residual(
    b,
    residual(b, residual(b, x, attention), (_, rows) => attention(b, rows, memory)),
    perceptron,
  );

/** Rows of a picture put before those of ids. */
const joined = (b: Builder, rows: Value, ids: Value): Value => b.op("Concat", [rows, ids], { axis: 1 });

/** Samples [1, 1, 32] as eight rows. */
function soundRows(b: Builder, name = "signal"): Value {
  const conv = b.op("Conv", [b.input(name, [1, 4, 8]), b.random(HIDDEN, 4, 3)], { pads: [1, 1] });
  return b.op("Transpose", [b.op("Gelu", [conv])], { perm: [0, 2, 1] });
}

test("picture and ids in one graph: each tower counts its own blocks, the projector is between them", () => {
  const b = builder();
  const seen = perceptron(b, layerNorm(b, blocks(b, patches(b), 3)));
  const stream = layerNorm(b, blocks(b, joined(b, seen, embeddings(b)), 2));
  const roles = rolesOf(b.finish(b.op("MatMul", [stream, b.random(HIDDEN, 32)])));
  expect(roles).toEqual([
    "vision.patch_embed",
    ...[0, 1, 2].flatMap((i) => below(`vision.block.${i}`, ...BLOCK)),
    "vision.norm",
    "projector.fc1",
    "projector.fc2",
    "language.embed",
    ...[0, 1].flatMap((i) => below(`language.block.${i}`, ...BLOCK)),
    "language.norm",
    "language.lm_head",
  ]);
});

test("towers beside one another, their nodes in turns: each has its blocks, norm and head", () => {
  const b = builder();
  const streams: Value[] = [patches(b), embeddings(b)];
  for (const _ of [0, 1]) streams.forEach((stream, i) => (streams[i] = blocks(b, stream, 1)));
  const [image, text] = streams.map((stream) => b.op("Gather", [layerNorm(b, stream), b.ints(0)], { axis: 1 })) as [Value, Value];
  const [left, right] = [image, text].map((row) => b.op("MatMul", [b.op("Reshape", [row, b.ints(1, HIDDEN)]), b.random(HIDDEN, 6)])) as [
    Value,
    Value,
  ];
  const roles = rolesOf(b.finish(b.op("MatMul", [left, b.op("Transpose", [right], { perm: [1, 0] })])));
  for (const modality of ["vision", "language"])
    expect(roles.filter((role) => role.startsWith(`${modality}.block`))).toEqual([
      ...below(`${modality}.block.0`, ...BLOCK),
      ...below(`${modality}.block.1`, ...BLOCK),
    ]);
  expect(roles.filter((role) => !role.includes("block"))).toEqual([
    "vision.patch_embed",
    "language.embed",
    "vision.norm",
    "language.norm",
    "head",
  ]);
});

test("encoder and decoder of ids: the decoder's blocks follow the encoder's", () => {
  const b = builder();
  const memory = layerNorm(b, blocks(b, embeddings(b), 2));
  const ids = b.op("Gather", [b.random(32, HIDDEN), b.input("decoder_ids", [1, "t"], "i64")], { axis: 0 });
  const stream = crossBlock(b, crossBlock(b, ids, memory), memory);
  const block = ["norm1", ...ATTN, "norm2", ...CROSS, "norm3", ...MLP];
  expect(rolesOf(b.finish(b.op("MatMul", [layerNorm(b, stream), b.random(HIDDEN, 32)])))).toEqual([
    "language.embed",
    ...[0, 1].flatMap((i) => below(`language.block.${i}`, ...BLOCK)),
    "language.norm",
    ...[2, 3].flatMap((i) => below(`language.block.${i}`, ...block)),
    "language.lm_head",
  ]);
});

test("a decoder that attends to a picture is language, its encoder vision", () => {
  const b = builder();
  const memory = layerNorm(b, blocks(b, patches(b), 1));
  const roles = rolesOf(b.finish(b.op("MatMul", [crossBlock(b, embeddings(b), memory), b.random(HIDDEN, 32)])));
  expect(roles.filter((role) => role.endsWith("mlp.fc1"))).toEqual(["vision.block.0.mlp.fc1", "language.block.0.mlp.fc1"]);
  expect(roles).toContain("language.block.0.cross_attn.k");
});

test("learned queries that attend to a picture in several layers are blocks behind it, not a head", () => {
  const b = builder();
  const memory = layerNorm(b, blocks(b, patches(b), 1));
  const across = (query: Value): Value => {
    const [k, v] = [0, 1].map(() => toHeads(b, b.linear(memory, HIDDEN, HIDDEN))) as [Value, Value];
    return residual(b, b.linear(fromHeads(b, attend(b, query, k, v)), HIDDEN, HIDDEN), perceptron);
  };
  const first = across(b.random(1, 2, 3, HIDDEN / 2));
  const stream = crossBlock(b, first, memory);
  const roles = rolesOf(b.finish(b.linear(stream, HIDDEN, 5)));
  expect(roles.filter((role) => role.endsWith("attn.k"))).toEqual([
    "vision.block.0.attn.k",
    "vision.block.1.cross_attn.k",
    "vision.block.2.attn.k",
    "vision.block.2.cross_attn.k",
  ]);
  expect(roles.at(-1)).toBe("projector.fc1");
});

test("a convolution of one dimension first means audio, with ids language behind it", () => {
  const b = builder();
  expect(rolesOf(b.finish(layerNorm(b, blocks(b, soundRows(b), 1))))).toEqual([
    "audio.stem",
    ...below("audio.block.0", ...BLOCK),
    "audio.norm",
  ]);
  const both = builder();
  const heard = both.linear(blocks(both, soundRows(both), 1), HIDDEN, HIDDEN);
  const roles = rolesOf(both.finish(blocks(both, joined(both, heard, embeddings(both)), 1)));
  expect(roles.filter((role) => !role.includes("block"))).toEqual(["audio.stem", "projector.fc1", "language.embed"]);
  expect(roles).toContain("language.block.0.norm1");
});

test("features of three dimensions go by the name of their input", () => {
  const modalities = ["pixel_values", "mel_features", "inputs_embeds", "x"].map((name) => {
    const b = builder();
    const rows = b.linear(b.input(name, [1, "s", 12]), 12, HIDDEN);
    return rolesOf(b.finish(blocks(b, rows, 1)))[0];
  });
  expect(modalities).toEqual(["vision.patch_embed", "audio.embed", "language.embed", "language.embed"]);
});

test("positions that are looked up make no picture language", () => {
  const b = builder();
  const positions = b.op("Cast", [b.op("Floor", [b.input("places", [1, 4])])], { to: 7 });
  const table = b.op("Gather", [b.random(8, HIDDEN), positions], { axis: 0 });
  expect(rolesOf(b.finish(blocks(b, b.op("Add", [patches(b), table]), 1))).slice(0, 3)).toEqual([
    "vision.embed",
    "vision.patch_embed",
    "vision.block.0.norm1",
  ]);
});

test("features of a picture that come from outside are projected to ids", () => {
  const b = builder();
  const rows = perceptron(b, b.input("image_features", [1, 4, HIDDEN]));
  const roles = rolesOf(b.finish(blocks(b, joined(b, rows, embeddings(b)), 1)));
  expect(roles.slice(0, 3)).toEqual(["projector.fc1", "projector.fc2", "language.embed"]);
});
