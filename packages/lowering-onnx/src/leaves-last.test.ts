import { graphAttribute, onnxGraph, onnxNode, type OnnxNode } from "@vlm-export/formats/onnx";
import { expect, test } from "vitest";
import { leavesLast } from "./leaves-last.js";

const nodeOf = (name: string, inputs: readonly string[], attributes: OnnxNode["attributes"] = []): OnnxNode =>
  onnxNode({ opType: "Op", name, inputs, outputs: [`${name}_out`], attributes });
const namesOf = (nodes: readonly OnnxNode[]): readonly string[] => nodes.map(({ name }) => name);

test("nodes that no other reads stand last, the first at the end", () => {
  const nodes = [nodeOf("a", ["x"]), nodeOf("of-a", ["a_out"]), nodeOf("b", ["a_out"]), nodeOf("of-b", ["b_out"]), nodeOf("y", ["b_out"])];
  expect(namesOf(leavesLast(nodes))).toEqual(["a", "b", "y", "of-b", "of-a"]);
});

test("what nested graphs read and give is read", () => {
  const inner = onnxGraph({
    name: "inner",
    nodes: [nodeOf("in", ["a_out"])],
    outputs: [{ name: "b_out", type: undefined, docString: "", metadata: new Map() }],
  });
  const branch = graphAttribute("then_branch", inner);
  const nodes = [nodeOf("a", ["x"]), nodeOf("b", ["x"]), nodeOf("c", ["x"]), nodeOf("if", ["x"], [branch])];
  expect(namesOf(leavesLast(nodes))).toEqual(["a", "b", "if", "c"]);
});

test("very many stay where they are", () => {
  const nodes = Array.from({ length: 2000 }, (_, i) => nodeOf(`n${i}`, ["x"]));
  expect(leavesLast(nodes)).toEqual(nodes);
});
