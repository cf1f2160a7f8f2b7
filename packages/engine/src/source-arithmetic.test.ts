import { f32Tensor, type Graph, GraphEditor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { sourceArithmetic } from "./source-arithmetic.js";

const scalar = { dtype: "f32", shape: [] } as const;

/** A graph whose one node of operator `op` takes `x` and a constant. */
function graphWith(op: string): Graph {
  const edit = new GraphEditor(standardOps(), "g");
  const x = edit.addInput("x", scalar);
  const one = edit.addConstant("one", f32Tensor(Float32Array.of(1), []));
  const [y] = edit.insert(op, [x, one], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  return edit.graph;
}

/** A graph in which `body` is the branch of a condition. */
function graphAround(body: Graph): Graph {
  const edit = new GraphEditor(standardOps(), "g");
  const condition = edit.addInput("condition", { dtype: "bool", shape: [] });
  edit.insert("some.domain::Branch", [condition], { body: { kind: "graph", graph: body } }, { outputs: ["y"] });
  return edit.graph;
}

test("a graph with quantizers of its own is computed as it stands, wherever they are", () => {
  expect(sourceArithmetic(graphWith("QuantizeLinear"))).toBe("plain");
  expect(sourceArithmetic(graphWith("com.microsoft::QuantizeLinear"))).toBe("plain");
  expect(sourceArithmetic(graphAround(graphWith("QuantizeLinear")))).toBe("plain");
});

test("any other graph is computed as the engine does it best", () => {
  expect(sourceArithmetic(graphWith("Mul"))).toBe("fused");
  expect(sourceArithmetic(graphAround(graphWith("Mul")))).toBe("fused");
});
