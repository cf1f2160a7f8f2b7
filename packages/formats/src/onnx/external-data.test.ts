import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FilePool } from "../files/index.js";
import { codeOf, temporaryFolders } from "../files/temporary-folder.fixture.js";
import { encodeMessage, longField } from "./encode-small.js";
import { readOnnx, readOnnxBytes } from "./read-onnx.js";
import { checkTensors, openTensor } from "./tensor-size.js";

const newFolder = temporaryFolders();

/** A model with one i8 tensor of these dims and external data entries. */
function modelOf(dims: readonly number[], entries: readonly (readonly [string, string])[]): Uint8Array {
  const externalData = entries.map(([key, value]) => ({ key, value }));
  const initializer = [{ name: "w", dataType: 3, dims: dims.map(longField), dataLocation: 1, externalData }];
  const graph = { initializer };
  return encodeMessage("ModelProto", { irVersion: 10, graph });
}

function tensorIn(folder: string, bytes: Uint8Array, pool: FilePool) {
  writeFileSync(join(folder, "model.onnx"), bytes);
  const [tensor] = readOnnx(join(folder, "model.onnx"), pool).graph.initializers;
  if (tensor === undefined) throw new Error("the model has an initializer");
  return tensor;
}

test("a tensor behind 4 GiB of a 5 GiB file is read by range, and its place is known", () => {
  const folder = newFolder();
  const descriptor = openSync(join(folder, "weights"), "w");
  ftruncateSync(descriptor, 5 * 2 ** 30);
  writeSync(descriptor, Uint8Array.of(1, 2, 3), 0, 3, 4_500_000_000);
  closeSync(descriptor);
  const pool = new FilePool();
  const tensor = tensorIn(
    folder,
    modelOf(
      [2 ** 29],
      [
        ["location", "weights"],
        ["offset", "4500000000"],
        ["length", String(2 ** 29)],
      ],
    ),
    pool,
  );
  const range = openTensor(tensor);
  expect([...range.read(0, 4)]).toEqual([1, 2, 3, 0]);
  expect(range.origin).toEqual({ path: join(folder, "weights"), offset: 4_500_000_000 });
  expect(range.byteLength).toBe(2 ** 29);
  pool.close();
});

test("raw data of 5 GiB inside the model file is jumped over", () => {
  const folder = newFolder();
  const size = 5 * 2 ** 30;
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
  const head = [...encodeMessage("TensorProto", { name: "w", dataType: 3, dims: [longField(size)] }), 0x4a, ...varint(size)];
  const last = encodeMessage("GraphProto", { initializer: [{ name: "v", dataType: 3, dims: [1], rawData: Uint8Array.of(9) }] });
  const tensor = [0x2a, ...varint(head.length + size), ...head];
  const start = [8, 10, 0x3a, ...varint(tensor.length + size + last.length), ...tensor];
  const descriptor = openSync(join(folder, "model.onnx"), "w");
  writeSync(descriptor, Uint8Array.from(start));
  writeSync(descriptor, Uint8Array.of(7), 0, 1, start.length + size - 1);
  writeSync(descriptor, last, 0, last.length, start.length + size);
  closeSync(descriptor);
  const pool = new FilePool();
  const [big, small] = readOnnx(join(folder, "model.onnx"), pool).graph.initializers.map(openTensor);
  expect([...(big?.read(size - 2, size) ?? [])]).toEqual([0, 7]);
  expect([...(small?.read() ?? [])]).toEqual([9]);
  pool.close();
});

test("offset and length may be left out", () => {
  const folder = newFolder();
  writeFileSync(join(folder, "weights"), Uint8Array.of(1, 2, 3, 4));
  const pool = new FilePool();
  const tensor = tensorIn(
    folder,
    modelOf(
      [3],
      [
        ["location", "weights"],
        ["checksum", "00"],
        ["prepacked_0", "x"],
      ],
    ),
    pool,
  );
  expect([...openTensor(tensor).read()]).toEqual([1, 2, 3]);
  expect(tensor.data).toMatchObject({ kind: "external", location: "weights", offset: 0, length: undefined, checksum: "00" });
  pool.close();
});

test.each([
  ["no location", [["offset", "0"]], "VX-IMPORT-ONNX-EXTERNAL"],
  [
    "two locations",
    [
      ["location", "a"],
      ["location", "b"],
    ],
    "VX-IMPORT-ONNX-TENSOR-DATA",
  ],
  [
    "a negative offset",
    [
      ["location", "weights"],
      ["offset", "-4"],
    ],
    "VX-IMPORT-ONNX-EXTERNAL",
  ],
  [
    "an offset that is no number",
    [
      ["location", "weights"],
      ["offset", "0x10"],
    ],
    "VX-IMPORT-ONNX-EXTERNAL",
  ],
  [
    "a length beyond 2^53",
    [
      ["location", "weights"],
      ["length", "9007199254740993"],
    ],
    "VX-IMPORT-ONNX-EXTERNAL",
  ],
  [
    "an offset behind the file",
    [
      ["location", "weights"],
      ["offset", "9"],
    ],
    "VX-IMPORT-ONNX-EXTERNAL",
  ],
  [
    "a length behind the file",
    [
      ["location", "weights"],
      ["length", "9000000000000000"],
    ],
    "VX-IMPORT-ONNX-EXTERNAL",
  ],
  [
    "a length that is not the tensor's",
    [
      ["location", "weights"],
      ["length", "2"],
    ],
    "VX-IMPORT-ONNX-TENSOR-SIZE",
  ],
  ["a missing file", [["location", "absent"]], "VX-IMPORT-EXTERNAL-MISSING"],
  ["a folder", [["location", "folder"]], "VX-IMPORT-FILE-KIND"],
  ["an absolute path", [["location", "/etc/passwd"]], "VX-IMPORT-EXTERNAL-PATH"],
  ["a path that climbs", [["location", "../secret"]], "VX-IMPORT-EXTERNAL-PATH"],
  ["a link that leads out", [["location", "link"]], "VX-IMPORT-EXTERNAL-PATH"],
  [
    "an address in memory",
    [
      ["location", "*/_ORT_MEM_ADDR_/*"],
      ["offset", "140000000000000"],
    ],
    "VX-IMPORT-EXTERNAL-MISSING",
  ],
] as const)("external data with %s is refused", (_, entries, code) => {
  const outer = newFolder();
  const folder = join(outer, "model");
  mkdirSync(join(folder, "folder"), { recursive: true });
  writeFileSync(join(outer, "secret"), Uint8Array.of(1, 2, 3, 4));
  writeFileSync(join(folder, "weights"), Uint8Array.of(1, 2, 3, 4));
  symlinkSync("../secret", join(folder, "link"));
  const pool = new FilePool();
  const act = () => checkTensors({ ...readOnnxModel(folder, pool, modelOf([3], entries)) });
  expect(codeOf(act)).toBe(`FormatError ${code}`);
  pool.close();
});

function readOnnxModel(folder: string, pool: FilePool, bytes: Uint8Array) {
  writeFileSync(join(folder, "model.onnx"), bytes);
  return readOnnx(join(folder, "model.onnx"), pool);
}

test("a model opens without its data file, and one from memory has no folder to look in", () => {
  const bytes = modelOf([3], [["location", "absent"]]);
  const pool = new FilePool();
  expect(tensorIn(newFolder(), bytes, pool).dims).toEqual([3]);
  pool.close();
  expect(codeOf(() => checkTensors(readOnnxBytes(bytes)))).toBe("FormatError VX-IMPORT-ONNX-EXTERNAL-FOLDER");
});

test("a model in the layout of the Hugging Face cache opens with its data", () => {
  const entry = join(newFolder(), "models--org--name");
  mkdirSync(join(entry, "blobs"), { recursive: true });
  mkdirSync(join(entry, "snapshots", "rev", "onnx"), { recursive: true });
  writeFileSync(join(entry, "blobs", "aa"), modelOf([3], [["location", "model.onnx_data"]]));
  writeFileSync(join(entry, "blobs", "bb"), Uint8Array.of(5, 6, 7));
  const model = join(entry, "snapshots", "rev", "onnx", "model.onnx");
  symlinkSync("../../../blobs/aa", model);
  symlinkSync("../../../blobs/bb", `${model}_data`);
  const pool = new FilePool();
  const [tensor] = readOnnx(model, pool).graph.initializers;
  expect(tensor && [...openTensor(tensor).read()]).toEqual([...readFileSync(join(entry, "blobs", "bb"))]);
  pool.close();
});
