import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilePool } from "./file-pool.js";
import { codeOf, temporaryFolders } from "./temporary-folder.fixture.js";

const newFolder = temporaryFolders();

function fileOf(bytes: Uint8Array | string): string {
  const path = join(newFolder(), "data.bin");
  writeFileSync(path, bytes);
  return path;
}

test("a range reads its own bytes of the file and knows where they are", () => {
  const path = fileOf("0123456789");
  const pool = new FilePool();
  const range = pool.open(path).slice(2, 8);
  expect(Buffer.from(range.slice(1, 4).read(1)).toString()).toBe("45");
  expect(range.slice(1, 4).origin).toEqual({ path, offset: 3 });
  pool.close();
});

test("bytes behind 4 GiB are read from a file with holes", () => {
  const path = join(newFolder(), "big.bin");
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, 5 * 2 ** 30);
  writeSync(descriptor, "here", 2 ** 32 + 7);
  closeSync(descriptor);
  const pool = new FilePool();
  const range = pool.open(path);
  expect(range.byteLength).toBe(5 * 2 ** 30);
  expect(Buffer.from(range.slice(2 ** 32, range.byteLength).read(7, 11)).toString()).toBe("here");
  expect(codeOf(() => range.read())).toBe("FormatError VX-IMPORT-FILE-TOO-LARGE");
  pool.close();
});

test.each([
  ["grows", (path: string) => appendFileSync(path, "x")],
  ["is cut", (path: string) => truncateSync(path, 4)],
  ["is written over", (path: string) => (writeFileSync(path, "abcdefgh"), utimesSync(path, 1, 1))],
])("a file that %s while it is open is refused", (_, change) => {
  const path = fileOf("01234567");
  const pool = new FilePool();
  const range = pool.open(path);
  range.read(0, 2);
  change(path);
  expect(codeOf(() => range.read(0, 2))).toBe("FormatError VX-IMPORT-FILE-CHANGED");
  pool.close();
});

test("a read past a cut names the bytes that are missing", () => {
  const path = fileOf("01234567");
  const pool = new FilePool();
  const range = pool.open(path);
  truncateSync(path, 4);
  expect(() => range.read(2, 8)).toThrow("Bytes 2 to 8 are outside the 4 bytes that are there.");
  pool.close();
});

test("a file that was opened is confirmed: by its name it is the same, is gone or cannot be reached", () => {
  const path = fileOf("01234567");
  const pool = new FilePool();
  pool.open(path);
  pool.confirm(path);
  rmSync(path);
  expect(codeOf(() => pool.confirm(path))).toBe("FormatError VX-IMPORT-FILE-CHANGED");
  symlinkSync(path, path);
  expect(codeOf(() => pool.confirm(path))).toBe("FormatError VX-IMPORT-FILE-OPEN");
  pool.close();
});

test("more files than descriptors stay readable, and one that was replaced meanwhile is refused", () => {
  const folder = newFolder();
  const pool = new FilePool({ maxOpen: 2 });
  const paths = ["a", "b", "c", "d"].map((name) => join(folder, name));
  for (const path of paths) writeFileSync(path, path.slice(-1));
  const ranges = paths.map((path) => pool.open(path));
  expect(ranges.map((range) => Buffer.from(range.read()).toString())).toEqual(["a", "b", "c", "d"]);
  writeFileSync(join(folder, "new"), "z");
  renameSync(join(folder, "new"), join(folder, "a"));
  expect(codeOf(() => ranges[0]?.read())).toBe("FormatError VX-IMPORT-FILE-CHANGED");
  pool.close();
});

test("what is no regular file is refused at once", () => {
  const folder = newFolder();
  mkdirSync(join(folder, "folder"));
  spawnSync("mkfifo", [join(folder, "pipe")]);
  const pool = new FilePool();
  expect(codeOf(() => pool.open(join(folder, "folder")))).toBe("FormatError VX-IMPORT-FILE-KIND");
  expect(codeOf(() => pool.open(join(folder, "pipe")))).toMatch(/VX-IMPORT-FILE-(KIND|OPEN)/);
  expect(codeOf(() => pool.open(join(folder, "absent")))).toBe("FormatError VX-IMPORT-FILE-OPEN");
  expect(codeOf(() => pool.open("a\0b"))).toBe("FormatError VX-IMPORT-FILE-OPEN");
  pool.close();
});

test("a closed pool reads and opens nothing", () => {
  const path = fileOf("0");
  const pool = new FilePool();
  const range = pool.open(path);
  pool.close();
  expect(codeOf(() => range.read())).toBe("FormatError VX-IMPORT-FILE-CLOSED");
  expect(codeOf(() => pool.open(path))).toBe("FormatError VX-IMPORT-FILE-CLOSED");
});

/** A regular file of the kernel with a size, whose content cannot be read. */
const UNREADABLE = "/sys/class/net/lo/speed";

test.runIf(existsSync(UNREADABLE))("a failing read names its place", () => {
  const pool = new FilePool();
  const range = pool.open(UNREADABLE);
  expect(codeOf(() => range.read(0, 8))).toBe("FormatError VX-IMPORT-FILE-READ");
  expect(() => range.read(0, 8)).toThrow(/Cannot read at byte 0: E/);
  pool.close();
});
