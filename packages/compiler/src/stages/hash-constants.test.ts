import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash, type Graph, GraphEditor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { fileTensor } from "@vlm-export/store";
import { afterAll, expect, test } from "vitest";
import { hashConstants } from "./hash-constants.js";

const folder = mkdtempSync(join(tmpdir(), "hash-constants-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A graph whose only constant is 1 MiB of a file. */
function graphOf(path: string): Graph {
  writeFileSync(path, new Uint8Array((1 << 20) + 8).fill(7));
  const edit = new GraphEditor(standardOps(), "main");
  edit.addConstant("w", fileTensor("u8", [1 << 20], { path, offset: 8 }));
  return edit.graph;
}

function hashOf(graph: Graph): string {
  return contentHash(graph.value("w")!.data!);
}

test("a hash that another thread gave is the constant's, and the range asked for is its own", async () => {
  const path = join(folder, "a");
  const graph = graphOf(path);
  const asked: object[] = [];
  await hashConstants([graph], { threads: 1, sha256: async (range) => (asked.push(range), "given") });
  expect(asked).toEqual([{ path, begin: 8, end: (1 << 20) + 8 }]);
  expect(hashOf(graph)).toBe("given");
});

test("what another thread cannot read is hashed here", async () => {
  const graph = graphOf(join(folder, "b"));
  await hashConstants([graph], { threads: 1, sha256: () => Promise.reject(new Error("gone")) });
  expect(hashOf(graph)).toBe(hashOf(graphOf(join(folder, "c"))));
});
