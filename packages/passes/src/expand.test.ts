import {
  type Attrs,
  cloneGraph,
  f32Tensor,
  type Graph,
  GraphEditor,
  i64Tensor,
  type QuantSpec,
  runPasses,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { minOpsetOf } from "@vlm-export/ops";
import { describe, expect, test } from "vitest";
import { expandAttention } from "./expand-attention.js";
import { expandGelu } from "./expand-gelu.js";
import { expandLayerNorm } from "./expand-layer-norm.js";
import { expandRmsNorm } from "./expand-rms-norm.js";
import { expandRotaryEmbedding } from "./expand-rotary-embedding.js";
import { fuseGelu } from "./fuse-gelu.js";
import { fuseLayerNorm } from "./fuse-layer-norm.js";
import { fuseRmsNorm } from "./fuse-rms-norm.js";
import { builder, type Builder, ops, samplesFor } from "./graphs.fixture.js";
import { expectClose, onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const EXPAND = [expandAttention, expandGelu, expandLayerNorm, expandRmsNorm, expandRotaryEmbedding];

/** Expands everything, expects operators of opset 13 only and the same numbers on the engine. */
async function expectExpanded(
  graph: Graph,
  tolerance = 5e-6,
  samples: ReadonlyMap<string, TensorData> = samplesFor(graph),
): Promise<Graph> {
  const after = rewrite(graph, ...EXPAND);
  expect(after.nodes.filter((node) => minOpsetOf(node) > 13).map(({ op }) => op)).toEqual([]);
  const [before, now] = [await engine.run(graph, samples), await engine.run(after, samples)];
  before.forEach((numbers, i) => expectClose(now[i] as Float64Array, numbers, tolerance));
  return after;
}

describe("norms and Gelu", () => {
  const CASES: readonly (readonly [string, (b: Builder, x: Value) => Value])[] = [
    ["Gelu", (b, x) => b.op("Gelu", [x])],
    ["Gelu by tanh", (b, x) => b.op("Gelu", [x], { approximate: "tanh" })],
    ["LayerNormalization", (b, x) => b.op("LayerNormalization", [x, b.random(8), b.random(8)], { epsilon: 1e-3 })],
    ["LayerNormalization without bias", (b, x) => b.op("LayerNormalization", [x, b.random(8)])],
    ["LayerNormalization of two axes", (b, x) => b.op("LayerNormalization", [x, b.random(3, 8), b.random(3, 8)], { axis: 1 })],
    ["RMSNormalization", (b, x) => b.op("RMSNormalization", [x, b.random(8)], { epsilon: 1e-3 })],
    ["RMSNormalization of two axes", (b, x) => b.op("RMSNormalization", [x, b.random(3, 8)], { axis: -2 })],
  ];

  test.each(CASES)("%s: the same numbers, and fusing gives the operator back", async (_, make) => {
    for (const [dtype, tolerance] of [
      ["f32", 5e-6],
      ["f16", 5e-3],
    ] as const) {
      const b = builder(dtype);
      const graph = b.finish(make(b, b.input("x", ["n", 3, 8])));
      const after = await expectExpanded(graph, tolerance);
      expect(opsOf(rewrite(after, fuseLayerNorm, fuseRmsNorm, fuseGelu))).toEqual(opsOf(graph));
    }
  });

  test("mean and inverse deviation are given out when they are read", async () => {
    const b = builder();
    const outputs = b.ops("LayerNormalization", [b.input("x", ["n", 8]), b.random(8)], {}, 3);
    await expectExpanded(b.finish(...outputs));
  });

  test("the extent may be known from the scale alone", async () => {
    const b = builder();
    const after = rewrite(b.finish(b.op("LayerNormalization", [b.input("x", ["n", "k"]), b.random(8)])), ...EXPAND);
    expect(opsOf(after)).toContain("ReduceSum");
  });

  test("what is behind an operator that nobody knows stays, since its type is not known", () => {
    const b = builder();
    const opaque = b.op("other::Op", [b.input("x", [2, 8])]);
    const graph = b.finish(b.op("LayerNormalization", [opaque, b.random(8)]), b.op("Gelu", [opaque]));
    expect(opsOf(rewrite(graph, ...EXPAND))).toEqual(["other::Op", "LayerNormalization", "Gelu"]);
  });

  test("a norm over extents that are not known stays", () => {
    const b = builder();
    const graph = b.finish(b.op("RMSNormalization", [b.input("x", ["n", "k"]), b.random(1)]));
    expect(opsOf(rewrite(graph, ...EXPAND))).toEqual(["RMSNormalization"]);
  });

  test("the last node has the type of the integers that the output had, and origin and role of the node", () => {
    const b = builder();
    const y = b.op("Gelu", [b.input("x", [4])]);
    const quant: QuantSpec = { storage: "i8", range: [-128, 127], mode: "static", granularity: "tensor", scale: f32Tensor([0.1], [1]) };
    b.edit.setRole(y.producer as NonNullable<Value["producer"]>, "vision.block.0.mlp.act");
    b.edit.retype(y, { ...y.type, quant });
    const after = rewrite(b.finish(y), ...EXPAND);
    expect(after.outputs[0]?.type.quant).toBe(quant);
    expect(new Set(after.nodes.map(({ role }) => role))).toEqual(new Set(["vision.block.0.mlp.act"]));
  });
});

describe("rotary embeddings", () => {
  const angles = (b: Builder, ...shape: readonly number[]): readonly [Value, Value] => [b.random(...shape), b.random(...shape)];
  const CASES: readonly (readonly [string, (b: Builder) => Value])[] = [
    ["halves", (b) => b.op("RotaryEmbedding", [b.input("x", [2, 3, 5, 8]), ...angles(b, 2, 5, 4)])],
    ["interleaved", (b) => b.op("RotaryEmbedding", [b.input("x", [2, 3, 5, 8]), ...angles(b, 2, 5, 4)], { interleaved: 1 })],
    ["part of the head", (b) => b.op("RotaryEmbedding", [b.input("x", [2, 3, 5, 8]), ...angles(b, 2, 5, 2)], { rotary_embedding_dim: 4 })],
    ["heads side by side", (b) => b.op("RotaryEmbedding", [b.input("x", [2, 5, 24]), ...angles(b, 2, 5, 4)], { num_heads: 3 })],
    [
      "positions",
      (b) => {
        const ids = b.edit.addConstant("ids", i64Tensor([3, 1, 0, 2, 2, 5, 4, 1, 0, 6], [2, 5]));
        return b.op("RotaryEmbedding", [b.input("x", [2, 3, 5, 8]), ...angles(b, 7, 4), ids]);
      },
    ],
  ];

  test.each(CASES)("%s", async (_, make) => {
    const b = builder();
    await expectExpanded(b.finish(make(b)));
  });
});

describe("attention", () => {
  const qkv = (b: Builder, heads = 4, keyHeads = heads): readonly Value[] => [
    b.input("q", ["b", heads, "s", 8]),
    b.input("k", ["b", keyHeads, "t", 8]),
    b.input("v", ["b", keyHeads, "t", 6]),
  ];
  const attention = (b: Builder, inputs: readonly (Value | null)[], attrs: Attrs = {}): Value => b.op("Attention", inputs, attrs);
  const flat = { q_num_heads: 4, kv_num_heads: 2 };

  const CASES: readonly (readonly [string, (b: Builder) => Value])[] = [
    ["four dimensions", (b) => attention(b, qkv(b))],
    ["a scale", (b) => attention(b, qkv(b), { scale: 0.7 })],
    ["grouped queries", (b) => attention(b, qkv(b, 4, 2))],
    [
      "heads side by side",
      (b) => attention(b, [b.input("q", ["b", "s", 32]), b.input("k", ["b", "t", 16]), b.input("v", ["b", "t", 12])], flat),
    ],
    ["a float mask", (b) => attention(b, [...qkv(b), b.input("mask", ["b", 1, "s", "t"])])],
    ["a causal limit", (b) => attention(b, qkv(b), { is_causal: 1 })],
    ["a softcap", (b) => attention(b, qkv(b), { softcap: 2 })],
  ];

  test.each(CASES)("%s", async (_, make) => {
    const b = builder();
    await expectExpanded(b.finish(make(b)));
  });

  test("a boolean mask", async () => {
    const b = builder();
    const mask = b.input("mask", ["s", "t"], "bool");
    await expectExpanded(b.finish(attention(b, [...qkv(b), mask])));
  });

  test.each(["bool", "f32"] as const)("a query to which a mask of %s leaves nothing gets zeros", async (dtype) => {
    const b = builder();
    const [keep, drop] = dtype === "bool" ? [1, 0] : [0, Number.NEGATIVE_INFINITY];
    const rows = [keep, drop, keep, drop, drop, drop, drop, keep, keep];
    const mask = b.constant(rows, [3, 3], dtype);
    const [q, k, v] = ["q", "k", "v"].map((name) => b.input(name, [2, 4, 3, 8])) as [Value, Value, Value];
    const graph = b.finish(attention(b, [q, k, v, mask], { is_causal: 1 }));
    const after = await expectExpanded(graph);
    expect((await engine.run(after))[0]?.slice(8, 16)).toEqual(new Float64Array(8));
  });

  test("past keys and values, a causal limit, and what is kept for the next call", async () => {
    const b = builder();
    const past = [b.input("pk", ["b", 4, "p", 8]), b.input("pv", ["b", 4, "p", 6])];
    const outputs = b.ops("Attention", [...qkv(b), null, ...past], { is_causal: 1 }, 3);
    await expectExpanded(b.finish(...outputs));
  });

  test("half precision with softmax in f32", async () => {
    const b = builder("f16");
    const after = await expectExpanded(b.finish(attention(b, qkv(b), { softmax_precision: 1 })), 1e-2);
    expect(opsOf(after)).toContain("Cast");
  });

  test("sizes that are not known, and padded keys, stay", () => {
    const unknown = builder();
    const graph = unknown.finish(
      attention(
        unknown,
        ["q", "k", "v"].map((name) => unknown.input(name, ["b", "h", "s", 8])),
      ),
    );
    expect(opsOf(rewrite(graph, ...EXPAND))).toEqual(["Attention"]);
    const padded = builder();
    const lengths = padded.input("lengths", ["b"], "i64");
    expect(opsOf(rewrite(padded.finish(attention(padded, [...qkv(padded), null, null, null, lengths])), ...EXPAND))).toEqual(["Attention"]);
  });

  test("a quantized result keeps its name between other nodes too", () => {
    const b = builder();
    const norm = b.op("RMSNormalization", [b.input("x", ["n", 8]), b.random(8)]);
    const quant: QuantSpec = { storage: "i8", range: [-128, 127], mode: "static", granularity: "tensor", scale: f32Tensor([0.1], [1, 1]) };
    b.edit.retype(norm, { ...norm.type, quant });
    const after = rewrite(b.finish(b.op("Neg", [norm])), ...EXPAND);
    expect(after.value(norm.name)).toMatchObject({ type: { quant }, producer: { op: "Mul" } });
  });

  test("quantized keys that are given out are quantized behind the ones that are used", () => {
    const b = builder();
    const past = [b.input("pk", ["b", 4, "p", 8]), b.input("pv", ["b", 4, "p", 6])];
    const outputs = b.ops("Attention", [...qkv(b), null, ...past], {}, 3);
    const graph = b.finish(...outputs);
    const edit = new GraphEditor(ops, cloneGraph(graph).graph);
    const quant: QuantSpec = {
      storage: "i8",
      range: [-128, 127],
      mode: "static",
      granularity: "tensor",
      scale: f32Tensor([0.1], [1, 1, 1, 1]),
    };
    const key = edit.graph.outputs[1] as Value;
    edit.retype(key, { ...key.type, quant });
    runPasses(edit, EXPAND, { ops, report: () => undefined });
    expect(edit.graph.outputs[1]).toMatchObject({ type: { quant }, producer: { op: "Identity" } });
  });
});
