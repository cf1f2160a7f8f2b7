import { minOpsetOf } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { expansionsFor } from "./expansions-for.js";
import { builder } from "./graphs.fixture.js";
import { rewrite } from "./rewrite.fixture.js";

test.each([13, 16, 17, 19, 20, 22, 23, 24])("at opset %i only newer operators are expanded", (opset) => {
  const b = builder();
  const x = b.input("x", [1, 2, 3, 8]);
  const normed = b.op("LayerNormalization", [b.op("RMSNormalization", [x, b.random(8)]), b.random(8)]);
  const turned = b.op("RotaryEmbedding", [normed, b.random(1, 3, 4), b.random(1, 3, 4)]);
  const graph = b.finish(b.op("Gelu", [b.op("Attention", [turned, turned, normed])]));
  const after = rewrite(graph, ...expansionsFor(opset));
  expect(after.nodes.filter((node) => minOpsetOf(node) > opset)).toEqual([]);
  const fitting = graph.nodes.filter((node) => minOpsetOf(node) <= opset).map(({ op }) => op);
  expect(after.nodes.map(({ op }) => op)).toEqual(expect.arrayContaining(fitting));
});
