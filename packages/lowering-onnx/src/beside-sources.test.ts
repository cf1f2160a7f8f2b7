import { onnxNode } from "@vlm-export/formats/onnx";
import { expect, test } from "vitest";
import { besideSources } from "./beside-sources.js";

function nodeOf(name: string, inputs: readonly string[]) {
  return onnxNode({ opType: "Op", name, inputs, outputs: [`${name}_out`], attributes: [] });
}

test("added nodes stand right behind the last node that they depend on, the others in their order", () => {
  const nodes = [
    nodeOf("a", ["x"]),
    nodeOf("b", ["a_out", "w"]),
    nodeOf("c", ["b_out"]),
    nodeOf("of-a", ["a_out"]),
    nodeOf("of-of-a", ["of-a_out"]),
    nodeOf("of-x", ["x"]),
    nodeOf("of-b-and-a", ["b_out", "of-a_out"]),
    nodeOf("of-c", ["c_out"]),
  ];
  const order = besideSources(nodes, 3).map(({ name }) => name);
  expect(order).toEqual(["of-x", "a", "of-a", "of-of-a", "b", "of-b-and-a", "c", "of-c"]);
  expect(besideSources(nodes, nodes.length)).toEqual(nodes);
});
