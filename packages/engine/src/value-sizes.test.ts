import { f32Tensor, type Graph, GraphEditor, type TensorType } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { thinned, valueSizes } from "./value-sizes.js";

const ops = standardOps();

/** y = x · x, nonZero = NonZero(y). */
function graphOf(shape: TensorType["shape"]): Graph {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape });
  const [y = x] = edit.insert("Mul", [x, x], {}, { outputs: ["y"] });
  edit.insert("NonZero", [y ?? null], {}, { outputs: ["nonZero"] });
  edit.settle();
  return edit.graph;
}

test("sizes follow from the sample where the graph has symbols, and leave the graph as it is", () => {
  const graph = graphOf(["rows", 3]);
  const sizeOf = valueSizes(graph, new Map([["x", f32Tensor(new Float32Array(12), [4, 3])]]), ops);
  expect(["x", "y", "nonZero", "other"].map(sizeOf)).toEqual([12, 12, undefined, undefined]);
  expect(graph.value("y")?.type.shape).toEqual(["rows", 3]);
  expect(valueSizes(graphOf([2, 3]), new Map(), ops)("y")).toBe(6);
});

test("a part has no more elements than the limit, at odd distances", () => {
  expect([undefined, 8, 9, 16, 17, 33].map((elements) => thinned(elements, 8))).toEqual([undefined, undefined, 3, 3, 3, 5]);
  for (const elements of [9, 100, 1_000_003]) expect(Math.ceil(elements / (thinned(elements, 8) ?? 1))).toBeLessThanOrEqual(8);
});
