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

test("old folders of processes that are gone are removed, young ones and those of live processes stay", () => {
  const dead = 2 ** 22 + 1; // above the largest process id of Linux
  const hours = (folder: string, age: number) => {
    const path = join(root, "c", folder);
    mkdirSync(path, { recursive: true });
    const at = Date.now() / 1000 - age * 3600;
    utimesSync(path, at, at);
    return path;
  };
  const [stale, young, live, other] = [
    hours(`.vlm-export-${dead}-a`, 2),
    hours(`.vlm-export-${dead}-b`, 0.5),
    hours(`.vlm-export-${process.pid}-c`, 2),
    hours("other", 2),
  ];
  const folders = new TempFolders(join(root, "c"));
  folders.make();
  expect([stale, young, live, other].map(existsSync)).toEqual([false, true, true, true]);
  folders.removeAll();
});
