import { expect, test } from "vitest";
import { cloneGraph } from "./clone.js";
import { GraphEditor } from "./editor.js";
import { graphTree } from "./graph-tree.js";
import type { OpRegistry } from "./op-def.js";
import { f32Tensor } from "./tensor-data.js";

const ops: OpRegistry = { all: new Map(), get: () => undefined };

/** `w` is captured under other names by a graph inside a graph. */
function sample() {
  const inner = new GraphEditor(ops, "inner");
  const deep = inner.addCapture("deep", { dtype: "f32", shape: [1] });
  const own = inner.addConstant("own", f32Tensor([2], [1]));
  inner.addOutput(inner.insert("Add", [deep, own], {}, { name: "add" })[0]!);
  const body = new GraphEditor(ops, "body");
  const seen = body.addCapture("seen", { dtype: "f32", shape: [1] });
  body.addOutput(
    body.insert("Loop", [], { body: { kind: "graph", graph: inner.graph } }, { name: "loop", captures: new Map([["deep", seen]]) })[0]!,
  );
  const edit = new GraphEditor(ops, "main");
  const w = edit.addConstant("w", f32Tensor([1], [1]));
  edit.addOutput(
    edit.insert("If", [], { then_branch: { kind: "graph", graph: body.graph } }, { name: "if", captures: new Map([["seen", w]]) })[0]!,
  );
  return { edit, w, own, deep, seen, inner };
}

test("captures stand for what is outside at any depth, and names have the path of their graph before them", () => {
  const { edit, w, own, deep, seen } = sample();
  const tree = graphTree(edit.graph);
  expect(tree.places.map(({ path }) => path)).toEqual(["", "if/then_branch/", "if/then_branch/loop/body/"]);
  expect([deep, seen, own].map(tree.sourceOf)).toEqual([w, w, own]);
  expect([w, own].map(tree.nameOf)).toEqual(["w", "if/then_branch/loop/body/own"]);
});

test("a copy says where values and nodes of graphs inside went", () => {
  const { edit, own, inner } = sample();
  const copy = cloneGraph(edit.graph);
  const twin = graphTree(copy.graph).places.at(-1)?.graph;
  expect(copy.values.get(own)).toBe(twin?.value("own"));
  expect(copy.nodes.get(inner.graph.nodes[0]!)).toBe(twin?.nodes[0]);
});

test("a capture is put and taken back", () => {
  const { edit, seen } = sample();
  const { graph } = edit;
  const [node] = graph.nodes;
  const other = edit.addConstant("other", f32Tensor([1], [1]));
  edit.setCapture(node!, "more", other);
  expect([node?.captures.get("more"), graph.users(other)]).toEqual([other, [node]]);
  edit.setCapture(node!, "more", undefined);
  expect([node?.captures.has("more"), graph.users(other)]).toEqual([false, []]);
  const body = new GraphEditor(ops, graphTree(graph).places[1]!.graph);
  expect(() => body.eraseCapture(seen)).toThrow("eraseCapture: seen is still read");
  body.eraseCapture(body.addCapture("idle", { dtype: "f32", shape: [1] }));
  expect(body.graph.captures).toEqual([seen]);
});
