import { spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256Hex } from "./object-file.js";
import { openStore } from "./store.js";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vlm-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pathOf = (key: string): string => join(folder, "objects", sha256Hex(key).slice(0, 2), sha256Hex(key));

test("what was saved under a key is loaded again, byte for byte", async () => {
  const store = openStore(folder);
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.uint8Array({ maxLength: 300 }), async (key, bytes) => {
      expect(await store.save(key, bytes)).toBe(true);
      expect(await store.load(key)).toEqual(bytes);
    }),
    { numRuns: 30 },
  );
});

test("a key that was never saved is a miss, `__proto__` included", async () => {
  expect(await openStore(folder).load("__proto__")).toBeUndefined();
});

test("an object cut or changed at any byte is a miss", async () => {
  const store = openStore(folder);
  await store.save("k", Uint8Array.from([1, 2, 3, 4]));
  const whole = readFileSync(pathOf("k"));
  for (let i = 0; i < whole.length; i += 1) {
    writeFileSync(pathOf("k"), whole);
    truncateSync(pathOf("k"), i);
    expect(await store.load("k")).toBeUndefined();
    const changed = Buffer.from(whole);
    changed[i] = (changed[i] as number) ^ 1;
    writeFileSync(pathOf("k"), changed);
    expect(await store.load("k")).toBeUndefined();
  }
});

test("parallel saves of one key leave one whole object and no temporary file", async () => {
  const store = openStore(folder);
  const versions = Array.from({ length: 20 }, (_, i) => new Uint8Array(1000).fill(i));
  await Promise.all(versions.map((bytes) => store.save("k", bytes)));
  expect(versions).toContainEqual(await store.load("k"));
  expect(readdirSync(join(pathOf("k"), "..")).length).toBe(1);
});

test("a folder that cannot be made does not fail the run", async () => {
  writeFileSync(join(folder, "file"), "");
  const store = openStore(join(folder, "file", "below"));
  expect(await store.save("k", new Uint8Array(1))).toBe(false);
  expect(await store.load("k")).toBeUndefined();
});

test("prune removes the objects unused for longest", async () => {
  const store = openStore(folder);
  for (const key of ["old", "new"]) await store.save(key, new Uint8Array(100));
  utimesSync(pathOf("old"), 1, 1);
  expect(await store.prune(200)).toBe(148);
  expect(await store.load("old")).toBeUndefined();
  expect(await store.load("new")).toBeDefined();
});

test("prune removes what killed saves left an hour ago, and nothing that is not the store's", async () => {
  const store = openStore(folder);
  await store.save("k", new Uint8Array(100));
  const [left, fresh, foreign] = [`${pathOf("k")}.12-ab-cd.tmp`, `${pathOf("k")}.13-ab-cd.tmp`, join(folder, "objects", "thesis.tex")];
  for (const path of [left, fresh, foreign]) writeFileSync(path, "1234");
  for (const path of [left, foreign]) utimesSync(path, 1, 1);
  expect(await store.prune(1000)).toBe(4);
  expect([left, fresh, foreign].map((path) => existsSync(path))).toEqual([false, true, true]);
});

test("kept tensors read back by range, in parallel, and vanish with the scratch folder", async () => {
  const scratch = await openStore(folder).scratch();
  const tensors = await Promise.all([1, 2, 3].map((n) => scratch.keep("u8", [4], [Uint8Array.of(n, n), Uint8Array.of(n + 10, n)])));
  expect(tensors.map((tensor) => [...tensor.bytes(1, 3)])).toEqual([1, 2, 3].map((n) => [n, n + 10]));
  expect(scratch.sizeBytes).toBe(12);
  await scratch.dispose();
  expect(existsSync(scratch.folder)).toBe(false);
  expect(() => tensors[0]?.bytes()).toThrow("bytes 0 to 4 of the scratch file cannot be read");
});

test("a range past the end of the file is a coded error", async () => {
  const scratch = await openStore(folder).scratch();
  const tensor = await scratch.keep("u8", [4], [Uint8Array.of(1, 2)]);
  expect(() => tensor.bytes()).toThrow("bytes 0 to 4 of the scratch file cannot be read");
  await scratch.dispose();
});

test("a reserved place is the caller's: nothing that is kept lies in it", async () => {
  const scratch = await openStore(folder).scratch();
  const before = await scratch.keep("u8", [2], [Uint8Array.of(1, 2)]);
  const { path, offset } = await scratch.reserve(3);
  const after = await scratch.keep("u8", [1], [Uint8Array.of(9)]);
  const handle = openSync(path, "r+");
  writeSync(handle, Uint8Array.of(3, 4, 5), 0, 3, offset);
  closeSync(handle);
  expect([...readFileSync(path)]).toEqual([1, 2, 3, 4, 5, 9]);
  expect([[...before.bytes()], [...after.bytes()], scratch.sizeBytes]).toEqual([[1, 2], [9], 6]);
  await scratch.dispose();
});

test("a scratch folder that cannot be written is a coded error", async () => {
  writeFileSync(join(folder, "file"), "");
  const scratch = await openStore(join(folder, "file")).scratch();
  await expect(scratch.keep("u8", [1], [Uint8Array.of(1)])).rejects.toThrow("intermediate tensors cannot be written: ENOTDIR");
  await expect(scratch.reserve(1)).rejects.toThrow("intermediate tensors cannot be written: ENOTDIR");
  await scratch.dispose();
});

test("scratch folders of dead processes of this host are removed, others stay", async () => {
  const root = join(folder, "scratch");
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const host = sha256Hex(hostname()).slice(0, 8);
  const [stale, own, foreign] = [`${host}-${dead}-x`, `${host}-${process.pid}-x`, `elsewhere-${dead}-x`];
  for (const name of [stale, own, foreign]) mkdirSync(join(root, name), { recursive: true });
  const scratch = await openStore(folder).scratch();
  expect(readdirSync(root).sort()).toEqual([own, foreign].sort());
  await scratch.dispose();
});
