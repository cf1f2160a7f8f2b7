import { createHash } from "node:crypto";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { FileSink } from "./file-sink.js";
import { FormatError } from "./format-error.js";
import { temporaryFolders } from "./temporary-folder.fixture.js";

const newFolder = temporaryFolders();

test("the file is the chunks in order, padded where asked, and the summary is its size and hash", async () => {
  const folder = newFolder();
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.integer({ min: 0, max: 255 }).map((value) => new Uint8Array(1_100_000).fill(value)),
  );
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(chunk, fc.constantFrom(1, 8, 4096)), { maxLength: 6 }), async (steps) => {
      run += 1;
      const sink = await FileSink.create(join(folder, `${run}`));
      const expected: Uint8Array[] = [];
      for (const [bytes, alignment] of steps) {
        await sink.write(bytes);
        await sink.padTo(alignment);
        expected.push(bytes);
        const size = expected.reduce((sum, part) => sum + part.byteLength, 0);
        expected.push(new Uint8Array((alignment - (size % alignment)) % alignment));
      }
      const whole = Buffer.concat(expected);
      expect(sink.byteCount).toBe(whole.byteLength);
      const summary = await sink.close();
      expect(Buffer.compare(readFileSync(sink.path), whole)).toBe(0);
      expect(summary).toEqual({ sizeBytes: whole.byteLength, sha256: createHash("sha256").update(whole).digest("hex") });
    }),
    { numRuns: 30 },
  );
});

test("nothing is written over, and no link is followed", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "there"), "old");
  symlinkSync(join(folder, "elsewhere"), join(folder, "link"));
  for (const name of ["there", "link", "absent/x"]) {
    await expect(FileSink.create(join(folder, name))).rejects.toMatchObject({ code: "VX-EMIT-FILE-ACCESS", path: join(folder, name) });
  }
  expect(readFileSync(join(folder, "there"), "utf8")).toBe("old");
  expect(existsSync(join(folder, "elsewhere"))).toBe(false);
});

test.runIf(existsSync("/dev/full"))("a full disk is told apart, with the offset and the bytes that were left", async () => {
  const sink = await FileSink.create("/dev/full", { overwrite: true });
  await sink.write(new Uint8Array(10));
  const error = await sink.write(new Uint8Array(2_000_000)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(FormatError);
  expect(error).toMatchObject({ code: "VX-EMIT-FILE-FULL", path: "/dev/full", offset: 0 });
  expect(String(error)).toMatch(/No room for the next 10 bytes after 0: ENOSPC/);
});

test("a discarded file is gone, and a sink that ended takes nothing more", async () => {
  const folder = newFolder();
  const sink = await FileSink.create(join(folder, "x"));
  await sink.write(new Uint8Array(3));
  await sink.discard();
  expect(existsSync(join(folder, "x"))).toBe(false);
  await expect(sink.write(new Uint8Array(1))).rejects.toMatchObject({ code: "VX-EMIT-FILE-CLOSED" });
  await expect(sink.close()).rejects.toMatchObject({ code: "VX-EMIT-FILE-CLOSED" });
});

/** Large enough that the file is synced before its end. */
const LONG = Array.from({ length: 33 }, (_, i) => new Uint8Array(4 << 20).fill(i));

test("a long file is synced on the way, and has the bytes and hash of a short one", async () => {
  const sink = await FileSink.create(join(newFolder(), "long"));
  const hash = createHash("sha256");
  for (const chunk of LONG) {
    await sink.write(chunk);
    hash.update(chunk);
  }
  expect(await sink.close()).toEqual({ sizeBytes: 33 * (4 << 20), sha256: hash.digest("hex") });
});

test("an ended file can be read before it is on disk, and says when it is", async () => {
  const sink = await FileSink.create(join(newFolder(), "x"));
  await sink.write(Uint8Array.of(1, 2, 3));
  const { synced, ...summary } = await sink.end();
  expect([...readFileSync(sink.path)]).toEqual([1, 2, 3]);
  expect(summary).toEqual({
    sizeBytes: 3,
    sha256: createHash("sha256")
      .update(Uint8Array.of(1, 2, 3))
      .digest("hex"),
  });
  await synced;
  await expect(sink.end()).rejects.toMatchObject({ code: "VX-EMIT-FILE-CLOSED" });
});

test("a disk that fails on the way fails the file when it is closed", async () => {
  const path = join(newFolder(), "long");
  const sink = await FileSink.create(path);
  const handle = await open(path, "r");
  const failing = vi
    .spyOn(Object.getPrototypeOf(handle) as typeof handle, "datasync")
    .mockRejectedValue(Object.assign(new Error("EIO"), { code: "EIO" }));
  try {
    for (const chunk of LONG) await sink.write(chunk);
    await expect(sink.close()).rejects.toMatchObject({ code: "VX-EMIT-FILE-WRITE", path });
    expect(failing).toHaveBeenCalledTimes(1);
  } finally {
    failing.mockRestore();
    await handle.close();
  }
});

/** A file of the kernel that takes numbers only. */
const PICKY = "/proc/self/oom_score_adj";

test.runIf(existsSync(PICKY))("another failure names the place and the bytes", async () => {
  const sink = await FileSink.create(PICKY, { overwrite: true });
  await sink.write(new Uint8Array(10));
  await expect(sink.close()).rejects.toMatchObject({ code: "VX-EMIT-FILE-WRITE", path: PICKY, offset: 0 });
});
