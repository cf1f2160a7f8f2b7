import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "./make-folder.js";

const root = mkdtempSync(join(tmpdir(), "make-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

test("missing folders are made; those that are there, and links to them, stay", () => {
  mkdirSync(join(root, "there"));
  symlinkSync(join(root, "there"), join(root, "link"));
  for (const path of ["a/b/c", "a/b/c", "a/../d/", "link/e"]) {
    makeFolder(join(root, path));
    expect(statSync(join(root, path)).isDirectory()).toBe(true);
  }
  expect(existsSync(join(root, "there", "e"))).toBe(true);
});

test("a file in the way is told", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolder(join(root, "file", "x", "y"))).toThrow("ENOTDIR");
  expect(() => makeFolder(join(root, "file"))).toThrow("EEXIST");
});

test("a system that says of a folder that is there that it is not is asked once", () => {
  const asked: string[] = [];
  const refuse = (folder: string): void => {
    asked.push(folder);
    throw Object.assign(new Error("ENOENT: no such file or directory"), { code: "ENOENT" });
  };
  expect(() => makeFolder(join(root, "p", "q"), refuse)).toThrow("ENOENT");
  expect(asked).toEqual([join(root, "p")]);
});

test("a folder that another process makes first is fine", () => {
  const path = join(root, "race");
  makeFolder(path, (folder) => {
    mkdirSync(folder);
    mkdirSync(folder);
  });
  expect(existsSync(path)).toBe(true);
});
