import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilePool } from "../files/index.js";
import { temporaryFolders } from "../files/temporary-folder.fixture.js";
import { onnxGraph, onnxModel, onnxTensor } from "./build.js";
import type { OnnxModel, OnnxTensorData } from "./model.js";
import { readOnnx } from "./read-onnx.js";
import { FULL_MODEL, settled } from "./sample-model.fixture.js";
import { writeOnnx } from "./write-onnx.js";

const newFolder = temporaryFolders();
const EXTERNAL = { externalFileName: "m.data", externalThresholdBytes: 1 };

function streamed(chunks: () => AsyncIterable<Uint8Array>): OnnxModel {
  const data: OnnxTensorData = { kind: "stream", byteLength: 3000, chunks };
  return onnxModel({
    irVersion: 10,
    opsetImports: [{ domain: "", version: 21 }],
    graph: onnxGraph({ name: "g", initializers: [onnxTensor("w", "i8", [3000], data)] }),
  });
}

test("files are read back as they were written, with their sizes and hashes", async () => {
  const folder = newFolder();
  const written = await writeOnnx(FULL_MODEL, join(folder, "m.onnx"), EXTERNAL);
  expect(written.map(({ name }) => name)).toEqual(["m.data", "m.onnx"]);
  expect(readdirSync(folder).toSorted()).toEqual(["m.data", "m.onnx"]);
  for (const { name, sizeBytes, sha256 } of written) {
    const bytes = readFileSync(join(folder, name));
    expect([sizeBytes, sha256]).toEqual([bytes.byteLength, createHash("sha256").update(bytes).digest("hex")]);
  }
  const pool = new FilePool();
  const model = readOnnx(join(folder, "m.onnx"), pool);
  expect(model.graph.initializers.filter(({ data }) => data.kind === "external").length).toBeGreaterThan(20);
  expect(settled(model)).toEqual(settled(FULL_MODEL));
  pool.close();
});

test("a copy through the reader has the same bytes, in another folder and form and back", async () => {
  const [a, b, c] = [newFolder(), newFolder(), newFolder()];
  const pool = new FilePool();
  await writeOnnx(FULL_MODEL, join(a, "m.onnx"), EXTERNAL);
  await writeOnnx(readOnnx(join(a, "m.onnx"), pool), join(b, "m.onnx"));
  await writeOnnx(readOnnx(join(b, "m.onnx"), pool), join(c, "m.onnx"), EXTERNAL);
  for (const name of ["m.onnx", "m.data"]) expect(Buffer.compare(readFileSync(join(a, name)), readFileSync(join(c, name)))).toBe(0);
  pool.close();
});

test("a failure leaves nothing behind, and what was there stays", async () => {
  const folder = newFolder();
  writeFileSync(join(folder, "m.onnx"), "old");
  const failing = streamed(async function* () {
    yield new Uint8Array(1000);
    throw new Error("the source broke");
  });
  await expect(writeOnnx(failing, join(folder, "m.onnx"), EXTERNAL)).rejects.toThrow("the source broke");
  expect(readdirSync(folder)).toEqual(["m.onnx"]);
  expect(readFileSync(join(folder, "m.onnx"), "utf8")).toBe("old");
});

test("an abort ends the writing with its reason and leaves nothing behind", async () => {
  const folder = newFolder();
  const abort = new AbortController();
  const model = streamed(async function* () {
    yield new Uint8Array(1000);
    abort.abort(new Error("enough"));
    yield new Uint8Array(2000);
  });
  await expect(writeOnnx(model, join(folder, "m.onnx"), { ...EXTERNAL, signal: abort.signal })).rejects.toThrow("enough");
  expect(readdirSync(folder)).toEqual([]);
});

test("a folder that is not there, or a folder in place of the file, is named", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "m.onnx"));
  await expect(writeOnnx(FULL_MODEL, join(folder, "absent", "m.onnx"))).rejects.toMatchObject({ code: "VX-EMIT-FILE-ACCESS" });
  await expect(writeOnnx(FULL_MODEL, join(folder, "m.onnx"))).rejects.toMatchObject({ code: "VX-EMIT-FILE-ACCESS" });
  expect(readdirSync(folder)).toEqual(["m.onnx"]);
});
