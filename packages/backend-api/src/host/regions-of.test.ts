import { GraphEditor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import type { Backend, Region } from "../backend.js";
import type { TargetSite } from "./open-site.js";
import { regionsOf } from "./regions-of.js";

const edit = new GraphEditor(standardOps(), "main");
const [y] = edit.insert("Relu", [edit.addInput("x", { dtype: "f32", shape: [2] })], {}, { name: "relu" });
if (y) edit.addOutput(y);

const siteOf = (hooks: Pick<Backend, "partition">): TargetSite =>
  ({ backend: { name: "test", ...hooks }, terms: {} }) as unknown as TargetSite;

function regions(nodes: readonly (readonly string[])[]): Promise<readonly Region[]> {
  const partition = (): readonly Region[] => nodes.map((names, id) => ({ id, unit: "cpu", nodes: names, boundaryBytes: 0 }));
  return regionsOf(siteOf({ partition }), edit.graph, []);
}

test("a backend's own regions hold each node once", async () => {
  expect(await regions([["relu"]])).toMatchObject([{ nodes: ["relu"] }]);
  await expect(regions([])).rejects.toThrow('hook partition gave no result of the contract: node "relu" is in no region.');
  await expect(regions([["relu"], ["relu"]])).rejects.toThrow('node "relu" is in two regions or not in the graph');
  await expect(regions([["relu", "other"]])).rejects.toThrow('node "other" is in two regions or not in the graph');
});

test("without a partition of its own, a backend gets one region per unit", async () => {
  expect(await regionsOf(siteOf({}), edit.graph, [])).toMatchObject([{ id: 0, unit: "cpu", nodes: ["relu"] }]);
});
