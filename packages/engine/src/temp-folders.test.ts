import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TempFolders } from "./temp-folders.js";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "temp-folders-"));
});
afterAll(() => rmSync(root, { recursive: true }));

test("folders are made in the root and go when removed, or all at once", () => {
  const folders = new TempFolders(join(root, "a"));
  const [one, two] = [folders.make(), folders.make()];
  expect([dirname(one), basename(one).startsWith(`.vlm-export-${process.pid}-`)]).toEqual([join(root, "a"), true]);
  folders.remove(one);
  expect([existsSync(one), existsSync(two)]).toEqual([false, true]);
  folders.removeAll();
  expect(readdirSync(join(root, "a"))).toEqual([]);
});

test("a file on the same file system does not move the folder", () => {
  const file = join(root, "weights.bin");
  writeFileSync(file, "");
  const folders = new TempFolders(join(root, "b"));
  expect(dirname(folders.make(file))).toBe(join(root, "b"));
  folders.removeAll();
});

test("folders of processes that are gone are removed: of this host at once, others when they are old; those of live processes stay", () => {
  const dead = 2 ** 22 + 1; // above the largest process id of Linux
  const folders = new TempFolders(join(root, "c"));
  const host = basename(folders.make()).split("-")[3]!;
  const hours = (folder: string, age: number) => {
    const path = join(root, "c", folder);
    mkdirSync(path, { recursive: true });
    const at = Date.now() / 1000 - age * 3600;
    utimesSync(path, at, at);
    return path;
  };
  const gone = [hours(`.vlm-export-${dead}-${host}-a`, 0), hours(`.vlm-export-${dead}-00000000-b`, 2), hours(`.vlm-export-${dead}-c`, 2)];
  const kept = [hours(`.vlm-export-${dead}-00000000-d`, 0.5), hours(`.vlm-export-${process.pid}-${host}-e`, 2), hours("other", 2)];
  folders.make();
  expect([...gone, ...kept].map(existsSync)).toEqual([false, false, false, true, true, true]);
  folders.removeAll();
});

test("a place that cannot be written is an error of the user that names it and TMPDIR", () => {
  writeFileSync(join(root, "file"), "");
  const expected = (folder: string) =>
    expect.objectContaining({
      kind: "user",
      message: expect.stringContaining(`temporary files cannot be written below ${folder}: `),
      diagnostic: expect.objectContaining({ code: "VX-EMIT-TEMPORARY", hint: expect.stringContaining("set TMPDIR") }),
    });
  for (const place of [join(root, "file"), join(root, "file/tmp")]) {
    expect(() => new TempFolders(place).make()).toThrow(expected(place));
    expect(() => new TempFolders(place).make(join(root, "file"))).toThrow(expected(place));
  }
});
