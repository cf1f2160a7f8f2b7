import { f32Tensor, GraphEditor, i64Tensor, printGraph, type Graph, type Value } from "@vlm-export/ir";
import { minOpsetOf } from "@vlm-export/ops";
import { describe, expect, test } from "vitest";
import { expandGelu } from "./expand-gelu.js";
import { expandLayerNorm } from "./expand-layer-norm.js";
import { expandRmsNorm } from "./expand-rms-norm.js";
import { fuseAttention } from "./fuse-attention.js";
import { fuseRotaryEmbedding } from "./fuse-rotary-embedding.js";
import { builder, type Builder, ops } from "./graphs.fixture.js";
import { normalize, normalizePasses } from "./normalize.js";
import { expectClose, onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";
import {
  blocks,
  embeddings,
  fusedAttention,
  gatedPerceptron,
  groupedAttention,
  HIDDEN,
  layerNorm,
  patches,
  residual,
  rmsNorm,
} from "./transformers.fixture.js";

const engine = onEngine();

/** x as exporters write norms and activations: in single operators. */
function decomposed(b: Builder, x: Value): Value {
  const d = b.op("Sub", [x, b.op("ReduceMean", [x, b.ints(-1)])]);
  const root = b.op("Sqrt", [b.op("Add", [b.op("ReduceMean", [b.op("Pow", [d, 2]), b.ints(-1)]), 1e-5])]);
  const normed = b.op("Add", [b.op("Mul", [b.op("Div", [d, root]), b.random(HIDDEN)]), b.random(HIDDEN)]);
  const gate = b.op("Add", [b.op("Erf", [b.op("Div", [normed, Math.SQRT2])]), 1]);
  const gelu = b.op("Mul", [b.op("Mul", [normed, gate]), 0.5]);
  const mean = b.op("ReduceMean", [b.op("Mul", [gelu, gelu]), b.ints(-1)]);
  const rms = b.op("Mul", [gelu, b.op("Reciprocal", [b.op("Sqrt", [b.op("Add", [mean, 1e-6])])])]);
  return b.op("Identity", [b.op("Mul", [b.random(HIDDEN), rms])]);
}

function convolutional(b: Builder): Value {
  const conv = b.op("Conv", [b.input("pixels", ["n", 3, 6, 6]), b.random(4, 3, 3, 3)]);
  const [gamma, beta, mean] = [b.random(4), b.random(4), b.random(4)];
  const variance = b.constant([0.5, 1, 1.5, 2], [4]);
  const normed = b.op("BatchNormalization", [conv, gamma, beta, mean, variance]);
  const shifted = b.op("Add", [b.op("Mul", [b.op("Relu", [normed]), b.random(4, 1, 1)]), 3]);
  const again = b.op("BatchNormalization", [b.op("Clip", [shifted, 0, 6]), gamma, beta, mean, variance]);
  const swish = b.op("Mul", [again, b.op("Sigmoid", [again])]);
  return b.op("Flatten", [b.op("GlobalAveragePool", [swish])]);
}

/** A shape that is computed from another, a constant that is computed, a view that changes nothing. */
function shapes(b: Builder): Value {
  const x = b.input("x", ["n", 4, 6]);
  const target = b.op("Concat", [b.op("Slice", [b.op("Shape", [x]), b.ints(0), b.ints(1)]), b.ints(-1)], { axis: 0 });
  const flat = b.op("Reshape", [b.op("Reshape", [x, b.ints(0, 4, 6)]), target]);
  return b.op("MatMul", [flat, b.op("Transpose", [b.random(5, 24)], { perm: [1, 0] })]);
}

const normOf = (b: Builder, x: Value): Value =>
  b.op("BatchNormalization", [x, b.random(4), b.random(4), b.random(4), b.constant([1, 2, 3, 4], [4])]);

const GRAPHS: readonly (readonly [string, (b: Builder) => Value])[] = [
  ["a vision transformer", (b) => layerNorm(b, blocks(b, patches(b), 2, fusedAttention))],
  ["a decoder", (b) => rmsNorm(b, residual(b, residual(b, embeddings(b), groupedAttention, rmsNorm), gatedPerceptron, rmsNorm))],
  ["decomposed norms and activations", (b) => decomposed(b, b.input("x", ["n", HIDDEN]))],
  ["a convolutional network", convolutional],
  ["shape arithmetic", shapes],
  [
    "a part of a constant is written",
    (b) => b.op("ScatterND", [b.random(4, 3), b.edit.addConstant("places", i64Tensor([1, 2], [2, 1])), b.input("x", [2, 3])]),
  ],
  [
    "all of a value is written",
    (b) =>
      b.op("Neg", [b.op("ScatterND", [b.input("x", [2, 3]), b.edit.addConstant("places", i64Tensor([0, 1], [2, 1])), b.random(2, 3)])]),
  ],
  ["a product behind a norm of no layer", (b) => b.op("Mul", [normOf(b, b.input("x", [1, 4, 3, 3])), 2])],
  [
    "a product between a layer and its norm",
    (b) => normOf(b, b.op("Mul", [b.op("Conv", [b.input("x", [1, 2, 5]), b.random(4, 2, 3)]), 2])),
  ],
  ["a constant output", (b) => b.op("Neg", [b.random(3)])],
];

function normalized(graph: Graph): Graph {
  return rewrite(graph, ...normalizePasses);
}

describe.each(GRAPHS)("%s", (_, make) => {
  test("computes the same and is the same when it is normalized again", async () => {
    const b = builder();
    const graph = b.finish(make(b));
    const once = normalized(graph);
    expect(printGraph(normalized(once))).toBe(printGraph(once));
    const [before, after] = [await engine.run(graph), await engine.run(once)];
    before.forEach((numbers, i) => expectClose(after[i] as Float64Array, numbers, 1e-5));
    const lowered = rewrite(once, expandLayerNorm, expandRmsNorm, expandGelu);
    expect(Math.max(...lowered.nodes.map((node) => Math.min(minOpsetOf(node), 99)))).toBeLessThanOrEqual(
      Math.max(13, ...graph.nodes.map(minOpsetOf)),
    );
  });
});

test("attention, rotary embeddings and x · sigmoid(x) stay decomposed", () => {
  const b = builder();
  const ops = opsOf(normalized(b.finish(residual(b, residual(b, embeddings(b), groupedAttention, rmsNorm), gatedPerceptron, rmsNorm))));
  expect(ops).toEqual(expect.arrayContaining(["Softmax", "Neg", "Sigmoid"]));
  expect(ops.filter((op) => ["Attention", "RotaryEmbedding", "Swish"].includes(op))).toEqual([]);
});

test("a nested graph that reads a folded value goes on reading it", () => {
  const inner = new GraphEditor(ops, "then");
  const read = ["table", "x"].map((name) => inner.addCapture(name, { dtype: "f32", shape: [2] }));
  inner.addOutput(inner.insert("Add", read)[0] as Value);
  const other = new GraphEditor(ops, "else");
  other.addOutput(other.addConstant("zero", f32Tensor([0, 0], [2])));
  const b = builder();
  const table = b.op("Add", [b.random(2), 1]);
  const [y] = b.edit.insert(
    "If",
    [b.input("condition", [], "bool")],
    { then_branch: { kind: "graph", graph: inner.graph }, else_branch: { kind: "graph", graph: other.graph } },
    {
      captures: new Map([
        ["table", table],
        ["x", b.input("x", [2])],
      ]),
    },
  );
  const after = normalized(b.finish(y as Value));
  expect(after.nodes.map(({ op, captures }) => [op, captures.get("table")?.data?.dtype])).toEqual([["If", "f32"]]);
});

test("normalize edits the graph that the editor owns, in place, and stops at a signal", () => {
  const b = builder();
  b.finish(decomposed(b, b.input("x", [2, HIDDEN])));
  const reason = new Error("stopped");
  expect(() => normalize(b.edit, { ops, report: () => undefined, signal: AbortSignal.abort(reason) })).toThrow(reason);
  normalize(b.edit, { ops, report: () => undefined });
  expect(opsOf(b.graph)).toEqual(["LayerNormalization", "Gelu", "RMSNormalization"]);
});

test("patterns behind an operator that nobody knows are left or fused, and nothing throws", () => {
  const b = builder();
  const opaque = b.op("other::Op", [b.input("x", [2, HIDDEN])]);
  const norm = b.op("BatchNormalization", [opaque, b.random(HIDDEN), b.random(HIDDEN), b.random(HIDDEN), b.random(HIDDEN)]);
  const softmax = b.op("Softmax", [b.op("MatMul", [opaque, opaque])], { axis: -1 });
  const graph = b.finish(decomposed(b, opaque), norm, b.op("MatMul", [softmax, opaque]));
  const after = rewrite(graph, ...normalizePasses, fuseAttention, fuseRotaryEmbedding);
  expect(opsOf(after)).toContain("BatchNormalization");
  expect(after.nodes.every(({ role }) => role !== undefined)).toBe(true);
});
