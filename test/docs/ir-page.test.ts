import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseGraph, printGraph } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { ROOT } from "../e2e/run-cli.js";
import { codeBlocks } from "./code-blocks.js";

const graphs = codeBlocks(readFileSync(join(ROOT, "docs/ir.md"), "utf8"), "graph");

test("docs/ir.md shows a graph", () => {
  expect(graphs.length).toBeGreaterThan(0);
});

test.each(graphs)("a graph of docs/ir.md is what is printed of it: %s", (text) => {
  const graph = parseGraph(text);
  expect(printGraph(graph)).toBe(text);
});
