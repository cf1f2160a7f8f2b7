import { expect, test } from "vitest";
import { isSubgraph } from "./graph-parts.js";
import { memoryTensor } from "./tensor-data.js";

test("only a graph among attributes is a nested graph", () => {
  const graph = { kind: "graph", graph: {} } as never;
  expect(isSubgraph(graph)).toBe(true);
  for (const attr of [undefined, 1, 2n, "graph", true, [1], ["graph"], memoryTensor("u8", [1], Uint8Array.of(1))])
    expect(isSubgraph(attr)).toBe(false);
});
