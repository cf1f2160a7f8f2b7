import { expect, test, vi } from "vitest";
import { readAll, writeAll } from "./all-bytes.js";

const calls = vi.hoisted(() => [] as (readonly [offset: number, length: number, position: number])[]);
/** Reads as the system does, without touching the memory; the file ends at 5 GiB. */
vi.mock("node:fs", () => ({
  readSync(...[, , offset, length, position]: [number, Uint8Array, number, number, number]): number {
    if (length >= 2 ** 31) throw new RangeError(`length is ${length}`);
    calls.push([offset, length, position]);
    return Math.min(length, 5 * 2 ** 30 - position);
  },
}));

test("2 GiB and more are read in several calls, up to the end of the file", () => {
  const target = new Uint8Array(2 ** 31 + 8);
  expect(readAll(0, target, 16)).toBe(2 ** 31 + 8);
  expect(calls).toEqual([
    [0, 2 ** 30, 16],
    [2 ** 30, 2 ** 30, 2 ** 30 + 16],
    [2 ** 31, 8, 2 ** 31 + 16],
  ]);
  expect(readAll(0, target, 4 * 2 ** 30)).toBe(2 ** 30);
});

test("2 GiB and more are written in several calls, and what a call leaves over in the next", async () => {
  const written: (readonly [offset: number, length: number, position: number])[] = [];
  const write = async (_: Uint8Array, offset: number, length: number, position: number) => {
    if (length >= 2 ** 31) throw new RangeError(`length is ${length}`);
    written.push([offset, length, position]);
    return { bytesWritten: Math.min(length, 2 ** 30 - 8) };
  };
  await writeAll({ write } as unknown as Parameters<typeof writeAll>[0], new Uint8Array(2 ** 31), 16);
  expect(written).toEqual([
    [0, 2 ** 30, 16],
    [2 ** 30 - 8, 2 ** 30, 2 ** 30 + 8],
    [2 ** 31 - 16, 16, 2 ** 31],
  ]);
});
