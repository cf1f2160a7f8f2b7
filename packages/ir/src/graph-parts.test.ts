import { expect, test } from "vitest";
import { GraphEditor } from "./editor.js";
import { isRead, isSubgraph } from "./graph-parts.js";
import { f32Tensor, memoryTensor } from "./tensor-data.js";

test("only a graph among attributes is a nested graph", () => {
  const graph = { kind: "graph", graph: {} } as never;
  expect(isSubgraph(graph)).toBe(true);
  for (const attr of [undefined, 1, 2n, "graph", true, [1], ["graph"], memoryTensor("u8", [1], Uint8Array.of(1))])
    expect(isSubgraph(attr)).toBe(false);
});

test("operands, captures and outputs of the graph are read; what none of them is, is not", () => {
  const edit = new GraphEditor({ get: () => undefined, all: new Map() }, "g");
  const [operand, captured, output, unread] = ["a", "b", "c", "d"].map((name) => edit.addConstant(name, f32Tensor([1], [])));
  edit.insert("If", [operand!], {}, { captures: new Map([["inside", captured!]]) });
  edit.addOutput(output!);
  const read = () => [operand, captured, output, unread].map((value) => isRead(edit.graph, value!));
  expect(read()).toEqual([true, true, true, false]);
  edit.erase(edit.graph.nodes[0]!);
  expect(read()).toEqual([false, false, true, false]);
});
