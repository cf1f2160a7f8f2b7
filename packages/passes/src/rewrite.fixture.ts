import { cloneGraph, type Diagnostic, type Graph, GraphEditor, type Pass, runPasses } from "@vlm-export/ir";
import { expect } from "vitest";
import { ops } from "./graphs.fixture.js";
import { removeDead } from "./remove-dead.js";

/** A copy of the graph after the passes and the removal of what they left dead. */
export function rewrite(graph: Graph, ...passes: readonly Pass[]): Graph {
  const edit = new GraphEditor(ops, cloneGraph(graph).graph);
  const found: Diagnostic[] = [];
  runPasses(edit, [...passes, removeDead], { ops, report: (diagnostic) => found.push(diagnostic) }, { checkInvariants: true });
  expect(found).toEqual([]);
  return edit.graph;
}

/** Names of the operators in order. */
export function opsOf(graph: Graph): string[] {
  return graph.nodes.map(({ op }) => op);
}
