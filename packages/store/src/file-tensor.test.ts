import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fileTensor } from "./file-tensor.js";

const folder = mkdtempSync(join(tmpdir(), "file-tensor-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("ranges come from their place in the file, in a new buffer or in a given one", () => {
  const path = join(folder, "a");
  writeFileSync(
    path,
    Uint8Array.from({ length: 20 }, (_, i) => i),
  );
  const tensor = fileTensor("u8", [2, 5], { path, offset: 4 });
  const target = new Uint8Array(3);
  tensor.readInto?.(target, 6);
  expect([...tensor.bytes()]).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
  expect([...tensor.bytes(2, 4)]).toEqual([6, 7]);
  expect([...target]).toEqual([10, 11, 12]);
});

test("a file that was cut is told with the range that is missing", () => {
  const path = join(folder, "b");
  writeFileSync(path, new Uint8Array(20));
  const tensor = fileTensor("u8", [10], { path, offset: 4 });
  truncateSync(path, 8);
  expect(() => tensor.readInto?.(new Uint8Array(10), 0)).toThrow(
    expect.objectContaining({ diagnostic: expect.objectContaining({ code: "VX-QUANT-SCRATCH-READ" }) }),
  );
});
