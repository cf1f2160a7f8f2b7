import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeTemporaryFolder } from "./temporary-folder.js";

const root = mkdtempSync(join(tmpdir(), "vlm-temporary-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("each folder is new, in the root and under the prefix; a root that is missing is made", () => {
  const below = join(root, "a/b");
  const made = [makeTemporaryFolder(below, "x-"), makeTemporaryFolder(below, "x-")];
  expect(new Set(made).size).toBe(2);
  for (const folder of made) expect([existsSync(folder), dirname(folder), basename(folder).slice(0, 2)]).toEqual([true, below, "x-"]);
});

test("a root that cannot be written is an error of the user that names it and TMPDIR", () => {
  writeFileSync(join(root, "file"), "");
  const bad = join(root, "file/tmp");
  expect(() => makeTemporaryFolder(bad, "x-")).toThrow(
    expect.objectContaining({
      kind: "user",
      message: expect.stringContaining(`temporary files cannot be written below ${bad}: ENOTDIR`),
      diagnostic: expect.objectContaining({ code: "VX-EMIT-TEMPORARY", hint: expect.stringContaining("set TMPDIR") }),
    }),
  );
});
