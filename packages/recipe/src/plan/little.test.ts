import { type Diagnostic, f32Tensor, type Graph, GraphEditor, memoryTensor, type Value } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { parseRecipe, planGraph } from "../index.js";
import { ops } from "./ops.fixture.js";

const matrix = (rows: number, columns: number): ReturnType<typeof f32Tensor> =>
  f32Tensor(new Float32Array(rows * columns).fill(1), [rows, columns]);

/** y = x · w, 64 × 64, and whatever `more` adds to the graph. */
function product(more: (edit: GraphEditor, y: Value) => void = () => undefined): Graph {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [4, 64] });
  const [y] = edit.insert("MatMul", [x, edit.addConstant("w", matrix(64, 64))], {}, { name: "fc" });
  more(edit, y!);
  edit.addOutput(y!);
  edit.settle();
  return edit.graph;
}

async function findings(graph: Graph, text = "extends: preset:weights-int8"): Promise<readonly Diagnostic[]> {
  const recipe = parseRecipe(`version: 1\n${text}`, { file: "r.yaml" });
  return planGraph(graph, await recipe, { ops }).diagnostics.filter(({ code }) => code === "VX-QUANT-LITTLE");
}

const big = matrix(64, 128);

/** y = x · w, and a condition whose body multiplies with `outer` from outside and a matrix of its own, each by an operator of this name. */
function conditional(op: string): Graph {
  const body = new GraphEditor(ops, "body");
  const seen = [body.addCapture("y", { dtype: "f32", shape: [4, 64] }), body.addCapture("outer", { dtype: "f32", shape: undefined })];
  const [first] = body.insert(op, seen, {}, { name: "first" });
  body.addOutput(body.insert(op, [first!, body.addConstant("own", matrix(128, 64))], {}, { name: "second" })[0]!);
  return product((edit, y) => {
    const outer = edit.addConstant("outer", big);
    const condition = edit.addInput("c", { dtype: "bool", shape: [] });
    const captures = new Map([
      ["outer", outer],
      ["y", y],
    ]);
    edit.insert("If", [condition], { then_branch: { kind: "graph", graph: body.graph } }, { name: "if", captures });
  });
}

test("weights inside the bodies of operators, or read by them from outside, become integers like others", async () => {
  expect(await findings(conditional("MatMul"))).toEqual([]);
});

test("weights inside the bodies of operators that no rule reaches are named", async () => {
  expect(await findings(conditional("com.acme::Fused"))).toMatchObject([
    {
      severity: "warning",
      message: expect.stringContaining(
        "only 20 % of the weights become integers; no rule reaches the rest, and it stays float: 2 × com.acme::Fused, 65.5 kB",
      ),
    },
  ]);
});

test("weights of operators that are passed through are named", async () => {
  const graph = product((edit, y) => edit.insert("com.acme::Fused", [y, edit.addConstant("held", big)], {}, { name: "fused" }));
  expect((await findings(graph))[0]!.message).toContain("1 × com.acme::Fused, 32.8 kB (the operator is passed through as it is)");
});

test("weights that are computed at run time are named with what computes them, behind what only moves elements", async () => {
  const graph = product((edit, y) => {
    const [shaped] = edit.insert("Reshape", [edit.addConstant("raw", big)], {}, { name: "shape" });
    const [scaled] = edit.insert("Mul", [shaped!, edit.addConstant("s", f32Tensor(new Float32Array(1), [1]))], {}, { name: "scale" });
    edit.insert("MatMul", [y, scaled!], {}, { name: "late" });
  });
  expect((await findings(graph))[0]!.message).toContain("1 × Mul, 32.8 kB (weights are computed at run time)");
});

const table = (edit: GraphEditor): void =>
  void edit.insert("Gather", [edit.addConstant("table", big), edit.addInput("i", { dtype: "i64", shape: [1] })], {}, { name: "embed" });
const second = (edit: GraphEditor, y: Value): void => void edit.insert("MatMul", [y, edit.addConstant("v", big)], {}, { name: "second" });

test("float64 weights are named for their type, and the hint says what to export, as long as nothing else is in the way", async () => {
  const double = (edit: GraphEditor): void => {
    const weight = edit.addConstant("d", memoryTensor("f64", [64, 128], new Uint8Array(64 * 128 * 8)));
    edit.insert("MatMul", [edit.addInput("x64", { dtype: "f64", shape: [4, 64] }), weight], {}, { name: "double" });
  };
  const [found] = await findings(product(double));
  expect(found!.message).toContain("1 × MatMul, 65.5 kB (float64 weights are not quantized)");
  expect(found!.hint).toBe("Export the model in float32.");
  const fused = (edit: GraphEditor, y: Value): void => void edit.insert("com.acme::Fused", [y, edit.addConstant("held", big)]);
  const [both] = await findings(
    product((edit, y) => {
      double(edit);
      fused(edit, y);
    }),
  );
  expect(both!.hint).toMatch(/^Export the model in float32\. Export the model so that these weights are constant operands/);
});

test.each([
  ["everything is quantized", product(), undefined],
  ["a table that no rule matches", product(table), "rules:\n  - match: { op: MatMul }\n    weights: { dtype: int8 }"],
  ["a product that a rule keeps", product(second), "extends: preset:weights-int8\nrules:\n  - match: { name: second }\n    keep: float"],
  ["a product that no rule matches", product(second), "rules:\n  - match: { name: fc }\n    weights: { dtype: int8 }"],
  ["numbers that are added", product((edit, y) => edit.insert("Add", [y, edit.addConstant("p", big)], {}, {})), undefined],
  ["a recipe that asks for no integer weights", product((edit, y) => edit.insert("com.acme::Fused", [y], {}, {})), "rules: []"],
  [
    "integers that the source has already",
    product((edit) => {
      const stored = edit.addConstant("stored", memoryTensor("i8", [64, 256], new Uint8Array(64 * 256)));
      edit.insert("DequantizeLinear", [stored, edit.addConstant("scales", big)], {}, { name: "dq" });
    }),
    undefined,
  ],
] as const)("no warning: %s", async (_, graph, text) => {
  expect(await findings(graph, text)).toEqual([]);
});

test("vectors that are operands of products are named, those that are added are not", async () => {
  const vector = f32Tensor(new Float32Array(8192), [8192]);
  const added = product((edit, y) => edit.insert("Add", [y, edit.addConstant("v", vector)], {}, { name: "add" }));
  const multiplied = product((edit, y) => edit.insert("MatMul", [edit.addConstant("v", vector), y], {}, { name: "dot" }));
  expect(await findings(added)).toEqual([]);
  expect((await findings(multiplied))[0]!.message).toContain("1 × MatMul, 32.8 kB (not where this operator takes weights)");
});
