import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { CountThread } from "./count-thread.js";

const folder = mkdtempSync(join(tmpdir(), "count-thread-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["throws", "throw new Error('no start');", "no start"],
  ["exits", "process.exit(3);", "a counting thread ended with code 3"],
])("a thread that %s answers this and every later question with the reason", async (name, code, reason) => {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(path, code);
  const thread = new CountThread(pathToFileURL(path), { bins: 2, ranges: new Map(), outputs: [], threads: 1 } as never); // not read
  for (const _ of ["this", "later"]) await expect(thread.add(new Map())).rejects.toThrow(reason);
  await thread.close();
});
