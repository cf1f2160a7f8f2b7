import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash, GraphEditor, type Model } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { fileTensor } from "@vlm-export/store";
import { afterAll, expect, test } from "vitest";
import { hashConstants } from "./hash-constants.js";

const folder = mkdtempSync(join(tmpdir(), "hash-constants-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A model whose only constant is 1 MiB of a file. */
function modelOf(path: string): Model {
  writeFileSync(path, new Uint8Array((1 << 20) + 8).fill(7));
  const edit = new GraphEditor(standardOps(), "main");
  edit.addConstant("w", fileTensor("u8", [1 << 20], { path, offset: 8 }));
  return { name: "m", components: new Map([["main", edit.graph]]), links: [], metadata: new Map(), opsets: new Map(), sources: [] };
}

function hashOf(model: Model): string {
  return contentHash(model.components.get("main")!.value("w")!.data!);
}

test("a hash that another thread gave is the constant's, and the range asked for is its own", async () => {
  const path = join(folder, "a");
  const model = modelOf(path);
  const asked: object[] = [];
  await hashConstants(model, { threads: 1, sha256: async (range) => (asked.push(range), "given") });
  expect(asked).toEqual([{ path, begin: 8, end: (1 << 20) + 8 }]);
  expect(hashOf(model)).toBe("given");
});

test("what another thread cannot read is hashed here", async () => {
  const model = modelOf(join(folder, "b"));
  await hashConstants(model, { threads: 1, sha256: () => Promise.reject(new Error("gone")) });
  expect(hashOf(model)).toBe(hashOf(modelOf(join(folder, "c"))));
});
