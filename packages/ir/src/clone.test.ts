import { expect, test } from "vitest";
import { cloneGraph } from "./clone.js";
import { GraphEditor } from "./editor.js";
import type { OpRegistry } from "./op-def.js";
import { printGraph } from "./print.js";
import { f32Tensor } from "./tensor-data.js";

const ops: OpRegistry = { all: new Map(), get: () => undefined };

function sample(): GraphEditor {
  const inner = new GraphEditor(ops, "body");
  inner.addOutput(inner.addCapture("x", { dtype: "f32", shape: [2] }));
  const edit = new GraphEditor(ops, "main");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const w = edit.addConstant("w", f32Tensor([1, 2], [2]), undefined, "vision.norm.weight");
  const [y] = edit.insert("Add", [x, null, w], { axis: 1 }, { name: "add", outputs: ["y", null], origin: ["n"], role: "vision.norm" });
  const attrs = { body: { kind: "graph" as const, graph: inner.graph } };
  const [z] = edit.insert("Loop", [y ?? null], attrs, { name: "loop", captures: new Map([["x", x]]) });
  if (z) edit.addOutput(z);
  return edit;
}

test("a copy prints like its original", () => {
  const { graph } = sample();
  expect(printGraph(cloneGraph(graph).graph)).toBe(printGraph(graph));
});

test("editing the copy leaves the original alone, and new names and ids do not collide", () => {
  const { graph } = sample();
  const before = printGraph(graph);
  const copy = cloneGraph(graph);
  const edit = new GraphEditor(ops, copy.graph);
  const x = copy.values.get(graph.inputs[0] as never);
  const [fresh] = edit.insert("Neg", [x ?? null], {}, { name: "add" });
  edit.replaceAllUses(x as never, fresh as never);
  edit.settle();
  expect(printGraph(graph)).toBe(before);
  expect(fresh?.name).toBe("add_1_out");
  expect(new Set(copy.graph.nodes.map((node) => node.id)).size).toBe(copy.graph.nodes.length);
});

test("producers and users of the copy are its own", () => {
  const { graph } = sample();
  const copy = cloneGraph(graph);
  const y = copy.graph.value("y");
  expect(y?.producer).toBe(copy.graph.nodes[0]);
  expect(copy.graph.users(y as never)).toEqual([copy.graph.nodes[1]]);
  expect(copy.nodes.get(graph.nodes[0] as never)).toBe(copy.graph.nodes[0]);
});
