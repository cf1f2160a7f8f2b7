import { expect, test } from "vitest";
import { captureIn, definitionOf, releaseIn } from "./captures.js";
import { GraphEditor } from "./editor.js";
import type { Graph, Value } from "./graph.js";
import { type GraphPlace, graphTree } from "./graph-tree.js";
import type { OpRegistry } from "./op-def.js";
import { f32Tensor } from "./tensor-data.js";

const ops: OpRegistry = { all: new Map(), get: () => undefined };
const UNKNOWN = { dtype: "f32", shape: undefined } as const;

/** main { w, If { Loop { deep } | w } }: `deep` is `w` of main, through `seen`; the second branch has a value called `w` of its own. */
function sample(): { readonly places: readonly GraphPlace[]; readonly w: Value; readonly main: GraphEditor } {
  const inner = new GraphEditor(ops, "inner");
  inner.addOutput(inner.insert("Neg", [inner.addCapture("deep", UNKNOWN)])[0]!);
  const [then, other] = [new GraphEditor(ops, "then"), new GraphEditor(ops, "else")];
  const captures = new Map([["deep", then.addCapture("seen", UNKNOWN)]]);
  then.addOutput(then.insert("Loop", [], { body: { kind: "graph", graph: inner.graph } }, { name: "loop", captures })[0]!);
  other.addOutput(other.addConstant("w", f32Tensor([5], [1])));
  const main = new GraphEditor(ops, "main");
  const w = main.addConstant("w", f32Tensor([1], [1]));
  const branches = { then_branch: { kind: "graph", graph: then.graph }, else_branch: { kind: "graph", graph: other.graph } } as const;
  main.addOutput(main.insert("If", [], branches, { name: "if", captures: new Map([["seen", w]]) })[0]!);
  return { places: graphTree(main.graph).places, w, main };
}

const namesOf = ({ captures }: Graph): readonly string[] => captures.map(({ name }) => name);

test("a capture is found where it is defined, and what is there for a value is taken", () => {
  const { places, w, main } = sample();
  const [outermost, then, inner] = places;
  const deep = inner!.graph.value("deep")!;
  expect(definitionOf(inner!, deep)).toEqual({ place: outermost, value: w });
  expect(definitionOf(outermost!, w)).toEqual({ place: outermost, value: w });
  expect([captureIn(ops, inner!, w), captureIn(ops, outermost!, w)]).toEqual([deep, w]);
  expect(namesOf(then!.graph)).toEqual(["seen"]);
  expect([...main.graph.nodes[0]!.captures.keys()]).toEqual(["seen"]);
});

test("what no graph on the way has is captured in each, under a name that means nothing else there", () => {
  const { places, main } = sample();
  const [, then, inner, other] = places;
  const more = main.addConstant("deep", f32Tensor([2], [1]));
  const capture = captureIn(ops, inner!, more, UNKNOWN);
  expect([capture.name, capture.type]).toEqual(["deep_1", UNKNOWN]);
  expect(definitionOf(inner!, capture).value).toBe(more);
  expect([namesOf(then!.graph), namesOf(inner!.graph)]).toEqual([
    ["seen", "deep"],
    ["deep", "deep_1"],
  ]);
  expect(captureIn(ops, other!, more, UNKNOWN).name).toBe("deep");
  expect(captureIn(ops, other!, main.graph.value("w")!, UNKNOWN).name).toBe("seen");
});

test("captures that are there become quantized as the value is, and keep their shape", () => {
  const { places, w, main } = sample();
  const quant = { storage: "i8", range: [-127, 127], granularity: "tensor", mode: "static", scale: f32Tensor([1], [1]) } as const;
  main.setData(w, w.data!, { dtype: "f32", shape: [1], quant });
  const deep = captureIn(ops, places[2]!, w);
  expect([deep.type.quant, deep.type.shape, places[1]!.graph.value("seen")!.type.quant]).toEqual([quant, undefined, quant]);
});

test("what nobody reads is released as far out as nobody else reads it", () => {
  const { places, w, main } = sample();
  const [, then, inner, other] = places;
  const [neg] = inner!.graph.nodes;
  releaseIn(ops, inner!, neg!.inputs[0]!);
  expect(namesOf(inner!.graph)).toEqual(["deep"]);
  captureIn(ops, other!, w);
  new GraphEditor(ops, inner!.graph).replaceInput(neg!, 0, null);
  releaseIn(ops, inner!, inner!.graph.value("deep")!);
  expect([namesOf(inner!.graph), namesOf(then!.graph), namesOf(other!.graph), main.graph.value("w")]).toEqual([[], [], ["seen"], w]);
  releaseIn(ops, other!, other!.graph.value("seen")!);
  expect([main.graph.value("w"), main.graph.nodes[0]!.captures.size]).toEqual([undefined, 0]);
});
