import { type Graph, GraphEditor, graphTree, i64Tensor, memoryTensor, type TensorData, type Value } from "@vlm-export/ir";
import { boolTensor } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { foldConstants } from "./fold-constants.js";
import { foldNestedConstants } from "./fold-nested-constants.js";
import { type Builder, builder, ops, samplesFor } from "./graphs.fixture.js";
import { expectClose, onEngine } from "./on-engine.fixture.js";
import { opsOf, rewrite } from "./rewrite.fixture.js";

const engine = onEngine();
const SIZE = 48;
const FLOAT = { to: 1 };
const TURNED = { perm: [1, 0] };

/** A constant in f16 that is too large to be converted at once. */
const half = (b: Builder, ...shape: readonly number[]): Value =>
  b.constant(
    Float32Array.from({ length: SIZE * 64 }, (_, i) => Math.sin(i)),
    shape,
    "f16",
  );

/** Writes a body: gives what it takes from outside, and its output. */
interface Body {
  readonly edit: GraphEditor;
  take(value: Value): Value;
  op(name: string, inputs: readonly (Value | null)[], attrs?: Record<string, number | readonly number[]>): Value;
}

type Write = (body: Body) => Value;

function bodyOf(name: string, captures: Map<string, Value>, write: Write): Graph {
  const edit = new GraphEditor(ops, name);
  const take = (value: Value): Value => {
    captures.set(value.name, value);
    return edit.graph.value(value.name) ?? edit.addCapture(value.name, { dtype: value.type.dtype, shape: undefined });
  };
  edit.addOutput(write({ edit, take, op: (op, inputs, attrs = {}) => edit.insert(op, inputs, attrs)[0]! }));
  return edit.graph;
}

/** An If in the graph of `edit`, or in that of a body; `take` gives what it reads from around. */
function conditional(edit: GraphEditor, condition: Value, branches: readonly [Write, Write], take = (value: Value): Value => value): Value {
  const outside = new Map<string, Value>();
  const [then, otherwise] = branches.map((write, i) => bodyOf(`branch_${i}`, outside, write)) as [Graph, Graph];
  const attrs = { then_branch: { kind: "graph", graph: then }, else_branch: { kind: "graph", graph: otherwise } } as const;
  const captures = new Map([...outside].map(([name, value]) => [name, take(value)]));
  return edit.insert("If", [condition], attrs, { name: "if", captures })[0]!;
}

function modelOf(branches: (b: Builder, x: Value) => readonly [Write, Write], more: (b: Builder) => readonly Value[] = () => []): Graph {
  const b = builder();
  const x = b.input("x", [2, SIZE]);
  const result = conditional(b.edit, b.input("condition", [], "bool"), branches(b, x));
  return b.finish(result, ...more(b));
}

/** The graph after the pass, which gives the same numbers whichever branch runs. */
async function folded(graph: Graph, tolerance = 2e-6): Promise<Graph> {
  const after = rewrite(graph, foldNestedConstants);
  for (const condition of [1, 0]) {
    const samples = new Map([...samplesFor(graph), ["condition", boolTensor([], [condition])]]);
    const [before, now] = [await engine.run(graph, samples), await engine.run(after, samples)];
    before.forEach((numbers, i) => expectClose(now[i]!, numbers, tolerance));
  }
  return after;
}

const opsInside = (graph: Graph): readonly (readonly string[])[] =>
  graphTree(graph)
    .places.slice(1)
    .map((place) => opsOf(place.graph));
const constantsOf = (graph: Graph) =>
  graphTree(graph).places.flatMap((place) =>
    place.graph.constants.map(({ name, data }) => [place.path + name, data?.dtype, data?.narrow?.dtype, data?.shape]),
  );

test("a weight that both branches transpose is one constant outside, and what it was is gone", async () => {
  const after = await folded(
    modelOf((b, x) => {
      const w = b.random(64, SIZE);
      return [
        ({ take, op }) => op("MatMul", [take(x), op("Transpose", [take(w)], TURNED)]),
        ({ take, op }) => op("MatMul", [op("Neg", [take(x)]), op("Transpose", [take(w)], TURNED)]),
      ];
    }),
  );
  expect(opsInside(after)).toEqual([["MatMul"], ["Neg", "MatMul"]]);
  expect(constantsOf(after)).toEqual([[expect.stringMatching(/^Transpose_\d+_out_folded$/), "f32", undefined, [SIZE, 64]]]);
  expect(after.nodes[0]?.captures.size).toBe(2);
});

test("a 16-bit weight that bodies cast is one constant of its name that is widened as it is read; who reads it as it is keeps it", async () => {
  const cast = (hasOther: boolean): Graph =>
    modelOf(
      (b, x) => {
        const w = half(b, SIZE, 64);
        const product: Write = ({ take, op }) => op("MatMul", [take(x), op("Cast", [take(w)], FLOAT)]);
        return [product, product];
      },
      (b) => (hasOther ? [b.op("Cast", [b.op("Neg", [b.graph.constants[0]!])], FLOAT)] : []),
    );
  const after = await folded(cast(false));
  expect(opsInside(after)).toEqual([["MatMul"], ["MatMul"]]);
  expect(constantsOf(after)).toEqual([["c", "f32", "f16", [SIZE, 64]]]);
  expect(constantsOf(await folded(cast(true)))).toEqual([
    ["c", "f16", undefined, [SIZE, 64]],
    ["c_f32", "f32", "f16", [SIZE, 64]],
  ]);
});

test("where the graph outside casts the weight too, all share what that reads", async () => {
  const graph = modelOf(
    (b, x) => {
      const w = half(b, SIZE, 64);
      const product: Write = ({ take, op }) => op("MatMul", [take(x), op("Cast", [take(w)], FLOAT)]);
      return [product, product];
    },
    (b) => [b.op("MatMul", [b.graph.value("x")!, b.op("Cast", [b.graph.constants[0]!], FLOAT)])],
  );
  const after = await folded(rewrite(graph, foldConstants));
  expect(constantsOf(after)).toEqual([["c", "f32", "f16", [SIZE, 64]]]);
  expect(after.nodes.map(({ op }) => op)).toEqual(["If", "MatMul"]);
});

test("chains are folded, in bodies of bodies too, and moved as they are stored", async () => {
  const after = await folded(
    modelOf((b, x) => {
      const [w, condition] = [half(b, 64, SIZE), b.graph.value("condition")!];
      const product: Write = ({ take, op }) => op("MatMul", [take(x), op("Transpose", [op("Cast", [take(w)], FLOAT)], TURNED)]);
      return [({ edit, take }) => conditional(edit, take(condition), [product, product], take), product];
    }),
  );
  expect(opsInside(after)).toEqual([["If"], ["MatMul"], ["MatMul"], ["MatMul"]]);
  expect(constantsOf(after)).toEqual([[expect.stringMatching(/^Transpose/), "f32", "f16", [SIZE, 64]]]);
});

test("what is made of a body's own constant stays in the body, and one that is its output keeps its name", async () => {
  const graph = modelOf((b, x) => {
    const outside = b.random(1, SIZE);
    return [
      ({ edit, take, op }) => {
        const own = edit.addConstant("own", b.constant(new Float32Array(SIZE).fill(3), [SIZE]).data!);
        return op("Mul", [take(x), op("Add", [take(outside), own])]);
      },
      ({ take, op }) => op("Concat", [take(outside), take(outside)], { axis: 0 }),
    ];
  });
  const names = graphTree(graph).places.map((place) => place.graph.outputs.map(({ name }) => name));
  const after = await folded(graph);
  expect(opsInside(after)).toEqual([["Mul"], ["Identity"]]);
  expect(constantsOf(after).map(([name]) => name)).toEqual([
    expect.stringMatching(/^Concat/),
    expect.stringMatching(/^if\/then_branch\/Add/),
  ]);
  expect(graphTree(after).places.map((place) => place.graph.outputs.map(({ name }) => name))).toEqual(names);
  expect(rewrite(after, foldNestedConstants).nodes).toHaveLength(1);
  expect(opsInside(rewrite(after, foldNestedConstants))).toEqual([["Mul"], ["Identity"]]);
});

test("shapes, what reference evaluation refuses, and integers behind DequantizeLinear stay operators", () => {
  const graph = modelOf((b, x) => {
    const [w, bad] = [b.random(2, SIZE), b.ints(5)];
    const quantized = b.edit.addConstant("q", memoryTensor("i8", [SIZE], new Uint8Array(SIZE)));
    return [
      ({ edit, take, op }) => {
        const own = edit.addConstant("own", i64Tensor([1]));
        return op("Add", [take(x), op("Cast", [op("Gather", [op("Shape", [take(x)]), own])], FLOAT)]);
      },
      ({ take, op }) =>
        op("Add", [op("Gather", [take(w), take(bad)]), op("DequantizeLinear", [take(quantized), take(b.constant([1], []))])]),
    ];
  });
  const before = opsInside(graph);
  expect(opsInside(rewrite(graph, foldNestedConstants))).toEqual(before);
});

test("a constant that is read as it is too stays beside what is made of it", async () => {
  const made: TensorData[] = [];
  const after = await folded(
    modelOf((b, x) => {
      const w = b.random(SIZE, SIZE);
      made.push(w.data!);
      return [
        ({ take, op }) => op("MatMul", [take(x), op("Transpose", [op("Identity", [take(w)])], TURNED)]),
        ({ take, op }) => op("MatMul", [take(x), take(w)]),
      ];
    }),
  );
  expect(opsInside(after)).toEqual([["MatMul"], ["MatMul"]]);
  expect(after.constants.map(({ data }) => data === made[0])).toEqual([true, false]);
});
