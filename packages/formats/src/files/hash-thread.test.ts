import { createHash } from "node:crypto";
import { appendFileSync, existsSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { HashThread } from "./hash-thread.js";
import { temporaryFolders } from "./temporary-folder.fixture.js";

/** The built thread: from sources none runs. */
const WORKER = new URL("../../dist/files/hash-worker.js", import.meta.url);
const newFolder = temporaryFolders();
const bytes = new Uint8Array(900_000).map((_, i) => (i * 31) % 251);

test("the thread is built", () => expect(existsSync(fileURLToPath(WORKER))).toBe(true));

test("a file is hashed while it grows", async () => {
  const path = join(newFolder(), "growing");
  writeFileSync(path, bytes.subarray(0, 300_001));
  const thread = new HashThread(WORKER, path);
  thread.written(100);
  thread.written(300_001);
  appendFileSync(path, bytes.subarray(300_001));
  thread.written(800_000);
  expect(await thread.digest(bytes.length)).toBe(createHash("sha256").update(bytes).digest("hex"));
});

test("an empty file has the hash of nothing", async () => {
  const path = join(newFolder(), "empty");
  writeFileSync(path, "");
  expect(await new HashThread(WORKER, path).digest(0)).toBe(createHash("sha256").digest("hex"));
});

test("a sink that is told of many bytes gives the hash of those that came", async () => {
  const { FileSink } = (await import(new URL("../../dist/files/index.js", import.meta.url).href)) as typeof import("./index.js");
  const sink = await FileSink.create(join(newFolder(), "large"), { sizeBytes: 2 ** 30 });
  for (let begin = 0; begin < 3_000_000; begin += bytes.length) await sink.write(bytes);
  const whole = Buffer.concat([bytes, bytes, bytes, bytes]);
  expect(await sink.close()).toEqual({ sizeBytes: whole.length, sha256: createHash("sha256").update(whole).digest("hex") });
});

test("a file that lost bytes, that is not there or whose thread was stopped has no hash", async () => {
  const path = join(newFolder(), "short");
  writeFileSync(path, bytes);
  truncateSync(path, 1000);
  await expect(new HashThread(WORKER, path).digest(bytes.length)).rejects.toThrow(
    "the file has 1000 of the 900000 bytes that were written",
  );
  await expect(new HashThread(WORKER, `${path}.absent`).digest(0)).rejects.toThrow("ENOENT");
  const stopped = new HashThread(WORKER, path);
  await stopped.stop();
  await expect(stopped.digest(1000)).rejects.toThrow("the hashing thread ended");
});
