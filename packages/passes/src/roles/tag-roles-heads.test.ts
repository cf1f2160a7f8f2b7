import type { Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { builder, type Builder } from "../graphs.fixture.js";
import { BLOCK, below, rolesOf } from "../roles.fixture.js";
import { blocks, HIDDEN, layerNorm, patches, perceptron, residual } from "../transformers.fixture.js";

/** Rows [1, 4, hidden] as a map [1, hidden, 2, 2]. */
const asMap = (b: Builder, rows: Value): Value =>
  b.op("Reshape", [b.op("Transpose", [rows], { perm: [0, 2, 1] }), b.ints(1, HIDDEN, 2, 2)]);

const conv = (b: Builder, x: Value, outputs = HIDDEN): Value =>
  b.op("Conv", [x, b.random(outputs, HIDDEN, 3, 3), b.random(outputs)], { pads: [1, 1, 1, 1] });

const classified = (b: Builder, map: Value): Value =>
  b.op("Gemm", [b.op("Flatten", [b.op("GlobalAveragePool", [map])]), b.random(HIDDEN, 5)]);

/** Roles behind the blocks. */
const tailOf = (roles: readonly string[]): readonly string[] => roles.slice(roles.findLastIndex((role) => role.includes("block")) + 1);

test("several results for every token are heads, not a projector", () => {
  const b = builder();
  const rows = layerNorm(b, blocks(b, patches(b), 1));
  const [classes, boxes] = [5, 4].map((width) => b.linear(b.op("Relu", [b.linear(rows, HIDDEN, 12)]), 12, width)) as [Value, Value];
  expect(tailOf(rolesOf(b.finish(classes, b.op("Sigmoid", [boxes]))))).toEqual([
    "vision.norm",
    ...below("head", "fc1", "fc2", "fc3", "fc4"),
  ]);
});

test("projections and convolutions that end in a map are a head", () => {
  const b = builder();
  const rows = b.linear(layerNorm(b, blocks(b, patches(b), 1)), HIDDEN, HIDDEN);
  expect(tailOf(rolesOf(b.finish(conv(b, b.op("Relu", [conv(b, asMap(b, rows))]), 3))))).toEqual(["vision.norm", "head"]);
});

test("convolutions behind the blocks keep their numbers; the head is what comes behind the pooling", () => {
  const b = builder();
  const map = conv(b, b.op("Relu", [conv(b, asMap(b, layerNorm(b, blocks(b, patches(b), 1))))]));
  const dense = b.op("Relu", [map]);
  expect(tailOf(rolesOf(b.finish(dense)))).toEqual(["vision.norm", "vision.conv.1", "vision.conv.2"]);
  const pooled = builder();
  const last = conv(pooled, asMap(pooled, blocks(pooled, patches(pooled), 1)));
  expect(tailOf(rolesOf(pooled.finish(classified(pooled, last))))).toEqual(["vision.conv.1", "head"]);
});

test("rows put in another order are no reduction", () => {
  const b = builder();
  const rows = b.linear(b.op("Gelu", [b.linear(layerNorm(b, blocks(b, patches(b), 1)), HIDDEN, 12)]), 12, 12);
  const roles = rolesOf(b.finish(b.op("Gather", [rows, b.ints(2, 3, 0, 1)], { axis: 1 })));
  expect(tailOf(roles)).toEqual(["vision.norm", "projector.fc1", "projector.fc2"]);
});

test("one row picked out of all sequences joined is a reduction", () => {
  const b = builder();
  const ids = b.input("ids", ["n", "s"], "i64");
  const x = layerNorm(b, blocks(b, b.op("Gather", [b.random(32, HIDDEN), ids], { axis: 0 }), 1));
  const place = b.op("ArgMax", [ids], { axis: 1, keepdims: 0 });
  const row = b.op("Gather", [b.op("Flatten", [x], { axis: 2 }), place], { axis: 0 });
  expect(tailOf(rolesOf(b.finish(b.op("MatMul", [row, b.random(HIDDEN, 6)]))))).toEqual(["language.norm", "head"]);
});

test("a pooling inside, whose result scales the map, begins no head", () => {
  const b = builder();
  const map = conv(b, conv(b, b.input("pixels", [1, HIDDEN, 4, 4])));
  const row = b.op("Flatten", [b.op("GlobalAveragePool", [map])]);
  const gate = b.op("Sigmoid", [b.linear(b.op("Relu", [b.linear(row, HIDDEN, 2)]), 2, HIDDEN)]);
  const scaled = b.op("Mul", [map, b.op("Reshape", [gate, b.ints(1, HIDDEN, 1, 1)])]);
  expect(rolesOf(b.finish(classified(b, conv(b, scaled))))).toEqual(["vision.stem", "vision.conv.1", "vision.conv.2", "head"]);
});

test("perceptrons between convolutions are blocks, up to the last", () => {
  const b = builder();
  const rows = (map: Value): Value => b.op("Transpose", [map], { perm: [0, 2, 3, 1] });
  const block = (map: Value): Value => {
    const inner = perceptron(b, layerNorm(b, rows(conv(b, map))));
    return b.op("Add", [map, b.op("Transpose", [inner], { perm: [0, 3, 1, 2] })]);
  };
  const map = block(block(conv(b, b.input("pixels", [1, HIDDEN, 4, 4]))));
  const pooled = layerNorm(b, b.op("Flatten", [b.op("GlobalAveragePool", [map])]));
  const names = ["norm1", "mlp.fc1", "mlp.fc2"];
  expect(rolesOf(b.finish(b.op("Gemm", [pooled, b.random(HIDDEN, 5)])))).toEqual([
    "vision.stem",
    "vision.conv.1",
    ...below("vision.block.0", ...names),
    "vision.conv.2",
    ...below("vision.block.1", ...names),
    "head",
  ]);
});

test("perceptrons over places and over channels in turns are blocks", () => {
  const b = builder();
  const places = (_: Builder, x: Value): Value => {
    const columns = b.op("Transpose", [x], { perm: [0, 2, 1] });
    return b.op("Transpose", [b.linear(b.op("Gelu", [b.linear(columns, 4, 6)]), 6, 4)], { perm: [0, 2, 1] });
  };
  const x = layerNorm(b, residual(b, residual(b, patches(b), places), perceptron));
  const row = b.op("ReduceMean", [x, b.ints(1)], { keepdims: 0 });
  const names = ["norm1", "mlp.fc1", "mlp.fc2"];
  expect(rolesOf(b.finish(b.op("Gemm", [row, b.random(HIDDEN, 5)])))).toEqual([
    "vision.patch_embed",
    ...below("vision.block.0", ...names),
    ...below("vision.block.1", ...names),
    "vision.norm",
    "head",
  ]);
});

test("what stands between two blocks beside the perceptron: convolutions have numbers, merged patches a projection of the block", () => {
  const b = builder();
  const local = (x: Value): Value =>
    b.op("Transpose", [b.op("Reshape", [conv(b, asMap(b, x)), b.ints(1, HIDDEN, 4)])], { perm: [0, 2, 1] });
  const merged = b.op("MatMul", [layerNorm(b, local(blocks(b, patches(b), 1))), b.random(HIDDEN, HIDDEN)]);
  expect(rolesOf(b.finish(blocks(b, merged, 1)))).toEqual([
    "vision.patch_embed",
    ...below("vision.block.0", ...BLOCK),
    "vision.conv.1",
    ...below("vision.block.0", "norm3", "proj1"),
    ...below("vision.block.1", ...BLOCK),
  ]);
});
