import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash, type Graph, GraphEditor, memoryTensor, widenedTensor } from "@vlm-export/ir";
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

test("scales of 16 bits are hashed as they are stored and as f32", async () => {
  const path = join(folder, "scales");
  const halves = Uint16Array.from({ length: 1 << 17 }, (_, i) => i);
  writeFileSync(path, halves);
  const scale = fileTensor("f16", [1 << 17], { path, offset: 0 });
  const edit = new GraphEditor(standardOps(), "main");
  const quant = { storage: "i4", range: [-7, 7], granularity: "block", mode: "static", scale } as const;
  edit.addConstant("w", memoryTensor("i4", [1 << 17], new Uint8Array(1 << 16)), { dtype: "f32", shape: [1 << 17], quant });
  const asked: object[] = [];
  await hashConstants([edit.graph], { threads: 1, sha256: async (range) => `${asked.push(range)}` });
  const range = { path, begin: 0, end: 1 << 18 };
  expect(asked).toEqual([range, { ...range, widen: "f16" }]);
  expect([contentHash(scale), contentHash(widenedTensor(scale))]).toEqual(["1", "2"]);
});

test("what another thread cannot read is hashed here", async () => {
  const graph = graphOf(join(folder, "b"));
  await hashConstants([graph], { threads: 1, sha256: () => Promise.reject(new Error("gone")) });
  expect(hashOf(graph)).toBe(hashOf(graphOf(join(folder, "c"))));
});
