import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onnxGraph, onnxModel, onnxNode, onnxTensor, onnxValue, writeOnnx } from "@vlm-export/formats/onnx";
import { importOnnx } from "@vlm-export/frontends";
import { f32Tensor, type Graph, GraphEditor, i64Tensor, memoryTensor, onlyComponent, VxError, widenedTensor } from "@vlm-export/ir";
import { lowerToOnnx } from "@vlm-export/lowering-onnx";
import { standardOps } from "@vlm-export/ops";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engineLoad } from "./errors.js";
import { createEngine, type Engine, type FetchedTensor } from "./index.js";
import { placeModel } from "./place-model.js";
import { loadRuntime } from "./runtime.js";
import { TempFolders } from "./temp-folders.js";

const ops = standardOps();
let engine: Engine;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "engine-test-"));
  engine = await createEngine({ tempRoot: join(root, "temp") });
});
afterAll(() => {
  engine.close();
  expect(readdirSync(join(root, "temp"))).toEqual([]);
  rmSync(root, { recursive: true });
});

function scaled(shape: readonly (number | string)[]): Graph {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape });
  const [inner] = edit.insert("Mul", [x, edit.addConstant("two", f32Tensor([2], []))], {}, { outputs: ["inner"] });
  const [y] = edit.insert("Neg", [inner ?? null], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  return edit.graph;
}

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof VxError ? `${error.diagnostic.code} ${error.message}` : `no VxError: ${String(error)}`;
}

test("inputs and outputs of unknown rank are as the sample has them", async () => {
  const edit = new GraphEditor(ops, "g");
  const [y] = edit.insert("Neg", [edit.addInput("x", { dtype: "f32", shape: undefined })], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const { outputs } = await session.run(new Map([["x", f32Tensor([1, -2], [2, 1])]]));
  await session.close();
  expect(outputs.get("y")?.shape).toEqual([2, 1]);
  expect([...new Float32Array(outputs.get("y")!.buffer)]).toEqual([-1, 2]);
});

test("a tap gives every so many elements, in the order of rows", async () => {
  const taps = [
    { value: "inner", kind: "tensor", every: 3 },
    { value: "x", kind: "tensor", every: 5 },
    { value: "y", kind: "tensor", every: 9 },
  ] as const;
  const session = await engine.openGraph({ graph: scaled(["rows", 4]), ops, taps });
  const { outputs, tensors } = await session.run(new Map([["x", f32Tensor([0, 1, 2, 3, 4, 5, 6, 7], [2, 4])]]));
  await session.close();
  expect([...tensors].map(([name, { shape, buffer }]) => [name, shape, [...new Float32Array(buffer)]])).toEqual([
    ["inner", [3], [0, 6, 12]],
    ["x", [2], [0, 5]],
    ["y", [1], [-0]],
  ]);
  expect(outputs.get("y")?.shape).toEqual([2, 4]);
});

test("taps give inner values whole, or their range", async () => {
  const session = await engine.openGraph({
    graph: scaled([3]),
    ops,
    taps: [
      { value: "inner", kind: "tensor" },
      { value: "inner", kind: "range" },
      { value: "x", kind: "range" },
      { value: "y", kind: "tensor" },
    ],
  });
  const { outputs, tensors, ranges } = await session.run(new Map([["x", f32Tensor([1, -2, 0.5], [3])]]));
  expect([...new Float32Array(tensors.get("inner")?.buffer ?? new ArrayBuffer(0))]).toEqual([2, -4, 1]);
  expect([...ranges]).toEqual([
    ["inner", [-4, 2]],
    ["x", [-2, 1]],
  ]);
  expect([...outputs.keys()]).toEqual(["y"]);
  expect(tensors.get("y")?.shape).toEqual([3]);
  await session.close();
});

test("taps on half-precision and boolean values are given out as f32", async () => {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const [half] = edit.insert("Cast", [x], { to: 10 }, { outputs: ["half"] });
  const [back] = edit.insert("Cast", [half ?? null], { to: 1 }, { outputs: ["y"] });
  if (back) edit.addOutput(back);
  const session = await engine.openGraph({ graph: edit.graph, ops, taps: [{ value: "half", kind: "range" }] });
  const { ranges } = await session.run(new Map([["x", f32Tensor([1.5, -3], [2])]]));
  expect(ranges.get("half")).toEqual([-3, 1.5]);
  await session.close();
});

test("a result's buffer is its own: it can go to another thread, and later runs leave it alone", async () => {
  const session = await engine.openGraph({ graph: scaled([3]), ops });
  const run = async (values: readonly number[]): Promise<Float32Array> =>
    new Float32Array((await session.run(new Map([["x", f32Tensor(values, [3])]]))).outputs.get("y")?.buffer as ArrayBuffer);
  const first = await run([1, 2, 3]);
  const second = structuredClone(await run([4, 5, 6]));
  expect([[...first], [...second]]).toEqual([
    [-2, -4, -6],
    [-8, -10, -12],
  ]);
  expect(structuredClone(first, { transfer: [first.buffer as ArrayBuffer] }).byteLength).toBe(12);
  await session.close();
});

test("a graph with free extents runs on samples of different shapes", async () => {
  const session = await engine.openGraph({
    graph: scaled(["n"]),
    ops,
    taps: (["tensor", "range"] as const).map((kind) => ({ value: "inner", kind })),
  });
  const samples = [f32Tensor([1], [1]), f32Tensor([1, 2], [2]), f32Tensor([], [0])].map((data) => new Map([["x", data]]));
  const seen: unknown[] = [];
  for (const sample of samples) {
    const { tensors, ranges } = await session.run(sample);
    seen.push([tensors.get("inner")?.shape, ranges.get("inner")]);
  }
  expect(seen).toEqual([
    [[1], [2, 2]],
    [[2], [2, 4]],
    [[0], undefined],
  ]);
  await session.close();
});

test("an aborted signal loads nothing, and no temporary model stays behind", async () => {
  const signal = AbortSignal.abort(new Error("interrupted by the user"));
  await expect(engine.openGraph({ graph: scaled([1]), ops }, { signal })).rejects.toThrow("interrupted by the user");
  expect(readdirSync(join(root, "temp"))).toEqual([]);
  const session = await engine.openGraph({ graph: scaled([1]), ops });
  if (process.platform !== "win32") expect(readdirSync(join(root, "temp"))).toEqual([]);
  await session.close();
  expect(readdirSync(join(root, "temp"))).toEqual([]);
  expect(await codeOf(() => session.run(new Map([["x", f32Tensor([1], [1])]])))).toMatch(/^VX-ENGINE-CLOSED/);
});

test("an observer has the tap tensors of every run, answers questions, and is closed with the session", async () => {
  const asked: unknown[] = [];
  const observer = {
    module: new URL("file:///not-loaded-on-this-thread.js"),
    load: async () => ({
      createObserver: (settings: unknown) => ({
        observe: async (tensors: ReadonlyMap<string, FetchedTensor>) => [...tensors].map(([name, { shape }]) => [name, shape, settings]),
        answer: async (question: unknown) => asked.push(question),
        close: async () => void asked.push("closed"),
      }),
    }),
    settings: "s",
  };
  const session = await engine.openGraph({ graph: scaled([3]), ops, taps: [{ value: "inner", kind: "tensor" }], observer });
  const { tensors, observed } = await session.run(new Map([["x", f32Tensor([1, -2, 0.5], [3])]]));
  expect([tensors.size, observed]).toEqual([0, [["inner", [3], "s"]]]);
  expect(await session.ask("how many?")).toBe(1);
  await session.close();
  expect(asked).toEqual(["how many?", "closed"]);
});

test("samples that do not fit name the input, what was given and what is expected", async () => {
  const session = await engine.openGraph({ graph: scaled(["n", 3]), ops });
  const fits = f32Tensor([1, 2, 3], [1, 3]);
  const run = (entries: [string, typeof fits][]) => codeOf(() => session.run(new Map(entries)));
  expect(await run([])).toBe('VX-ENGINE-INPUT-MISSING the sample lacks the model input "x"; it has none.');
  expect(
    await run([
      ["x", fits],
      ["z", fits],
    ]),
  ).toBe('VX-ENGINE-INPUT-UNKNOWN the sample has a tensor "z", but the model has no such input; it has "x".');
  expect(await run([["x", f32Tensor([1, 2], [1, 2])]])).toBe(
    'VX-ENGINE-INPUT-TYPE the sample for input "x" is f32[1, 2]; the model expects f32[n = 1, 3].',
  );
  expect(await run([["x", i64Tensor([1, 2, 3], [1, 3])]])).toMatch("is i64[1, 3]; the model expects f32[n, 3]");
  await session.close();
});

test("a model that the engine refuses is a coded error that names it", async () => {
  expect(await codeOf(() => engine.openFile(join(root, "none.onnx")))).toMatch(/^VX-ENGINE-LOAD ONNX Runtime cannot load the model/);
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1] });
  const [y] = edit.insert("some.domain::Thing", [x], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  expect(await codeOf(() => engine.openGraph({ graph: edit.graph, ops }))).toMatch(/^VX-ENGINE-LOAD .*Thing/);
  expect(readdirSync(join(root, "temp"))).toEqual([]);
});

test("a refused model's hint names a recipe that does without the engine", () => {
  expect(engineLoad("m.onnx", new Error("no kernel")).diagnostic.hint).toContain("preset:weights-int8 does without");
});

test("an output that is a sequence is refused as no tensor, with a hint for that", async () => {
  const path = join(root, "sequence.onnx");
  const x = onnxValue("x", "f32", [2]);
  const graph = onnxGraph({
    name: "g",
    nodes: [onnxNode({ opType: "SequenceConstruct", inputs: ["x"], outputs: ["s"] })],
    inputs: [x],
    outputs: [{ ...x, name: "s", type: { kind: "sequence", element: x.type, denotation: "" } }],
  });
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph }), path);
  await expect(engine.openFile(path)).rejects.toMatchObject({
    diagnostic: {
      code: "VX-ENGINE-DTYPE",
      message: expect.stringContaining('value "s" is no tensor'),
      hint: expect.stringMatching(
        /^Export the model without optional and sequence inputs and outputs, or .* preset:weights-int8 does without/,
      ),
    },
  });
});

test("an output whose name the engine's interface loses is refused, or left out; inner values are measured under any name", async () => {
  const edit = new GraphEditor(ops, "g");
  const [inner] = edit.insert("Neg", [edit.addInput("x", { dtype: "f32", shape: [2] })], {}, { outputs: ["__proto__"] });
  const [y] = edit.insert("Mul", [inner ?? null, edit.addConstant("two", f32Tensor([2], []))], {}, { outputs: ["y"] });
  for (const output of [inner, y]) if (output) edit.addOutput(output);
  const source = { graph: edit.graph, ops, taps: [{ value: "__proto__", kind: "tensor" as const }] };
  expect(await codeOf(() => engine.openGraph(source))).toMatch(/^VX-ENGINE-NAME an output has the name "__proto__"/);
  const session = await engine.openGraph(source, { unreadable: "left-out" });
  const { outputs, tensors } = await session.run(new Map([["x", f32Tensor([1, 2], [2])]]));
  await session.close();
  expect([...outputs.keys()]).toEqual(["y"]);
  expect([...new Float32Array(tensors.get("__proto__")!.buffer)]).toEqual([-1, -2]);
});

test("a sequence among the outputs is left out where that is asked", async () => {
  const path = join(root, "sequence-too.onnx");
  const [x, y] = [onnxValue("x", "f32", [2]), onnxValue("y", "f32", [2])];
  const graph = onnxGraph({
    name: "g",
    nodes: [
      onnxNode({ opType: "Neg", inputs: ["x"], outputs: ["y"] }),
      onnxNode({ opType: "SequenceConstruct", inputs: ["y"], outputs: ["s"] }),
    ],
    inputs: [x],
    outputs: [{ ...x, name: "s", type: { kind: "sequence", element: x.type, denotation: "" } }, y],
  });
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph }), path);
  const session = await engine.openFile(path, { unreadable: "left-out" });
  const { outputs } = await session.run(new Map([["x", f32Tensor([1, 2], [2])]]));
  await session.close();
  expect([...outputs].map(([name, { buffer }]) => [name, ...new Float32Array(buffer)])).toEqual([["y", -1, -2]]);
});

/** What the engine finds of a graph in its temporary folder. */
async function filesPlaced(graph: Graph): Promise<readonly string[]> {
  const folders = new TempFolders(join(root, "temp"));
  const { folder } = await placeModel(lowerToOnnx(graph, { ops }), folders);
  const files = readdirSync(folder).sort();
  folders.removeAll();
  return files;
}

test("weights that lie in a file are used there: the temporary model holds links and no copy", async () => {
  const weights = new Float32Array(4096).map((_, i) => i);
  const graph = onnxGraph({
    name: "g",
    nodes: [onnxNode({ opType: "Add", inputs: ["x", "w"], outputs: ["y"] })],
    inputs: [onnxValue("x", "f32", [4096])],
    initializers: [onnxTensor("w", "f32", [4096], new Uint8Array(weights.buffer))],
    outputs: [onnxValue("y", "f32", [4096])],
  });
  const path = join(root, "model.onnx");
  await writeOnnx(onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph }), path, {
    externalFileName: "model.data",
  });
  const imported = onlyComponent(await importOnnx(path, { ops }));
  expect(await filesPlaced(imported)).toEqual(["model.onnx", "source-0.bin"]);
  const session = await engine.openGraph({ graph: imported, ops });
  if (process.platform !== "win32") expect(statSync(join(root, "model.data")).nlink).toBe(1);
  const { outputs } = await session.run(new Map([["x", f32Tensor(new Float32Array(4096), [4096])]]));
  expect(new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))).toEqual(weights);
  await session.close();
  expect(existsSync(join(root, "model.data"))).toBe(true);
});

test("weights behind a relative symbolic link are used where they lie", async () => {
  const [blob, path] = [join(root, "blob"), join(root, "linked.bin")];
  const weight = f32Tensor(new Float32Array(4096).fill(2), [4096]);
  writeFileSync(blob, weight.bytes());
  symlinkSync("blob", path);
  const edit = new GraphEditor(ops, "g");
  const [y] = edit.insert("Neg", [edit.addConstant("w", { ...weight, file: { path, offset: 0 } })], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const { outputs } = await session.run(new Map());
  expect(new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))).toEqual(new Float32Array(4096).fill(-2));
  await session.close();
});

test("a widened constant is used where its 16-bit floats lie", async () => {
  const path = join(root, "half.onnx");
  const graph = onnxGraph({
    name: "g",
    nodes: [onnxNode({ opType: "Identity", inputs: ["w"], outputs: ["y"] })],
    initializers: [onnxTensor("w", "f16", [4096], new Uint8Array(new Uint16Array(4096).fill(0x3e00).buffer))],
    outputs: [onnxValue("y", "f16", [4096])],
  });
  const model = onnxModel({ irVersion: 8, opsetImports: [{ domain: "", version: 17 }], graph });
  await writeOnnx(model, path, { externalFileName: "half.data" });
  const half = onlyComponent(await importOnnx(path, { ops })).value("w")!.data!;
  const edit = new GraphEditor(ops, "g");
  const [y] = edit.insert("Neg", [edit.addConstant("w", widenedTensor(half))], {}, { outputs: ["y"] });
  edit.addOutput(y!);
  expect(await filesPlaced(edit.graph)).toEqual(["model.onnx", "source-0.bin"]);
  const session = await engine.openGraph({ graph: edit.graph, ops });
  const { outputs } = await session.run(new Map());
  expect(new Float32Array(outputs.get("y")?.buffer ?? new ArrayBuffer(0))).toEqual(new Float32Array(4096).fill(-1.5));
  await session.close();
});

test("all element types that the engine carries come back as they went in", async () => {
  for (const dtype of ["f64", "f16", "i64", "i32", "i16", "i8", "u64", "u32", "u16", "u8", "bool"] as const) {
    const edit = new GraphEditor(ops, "g");
    const x = edit.addInput("x", { dtype, shape: [2] });
    const [y] = edit.insert("Identity", [x], {}, { outputs: ["y"] });
    if (y) edit.addOutput(y);
    const session = await engine.openGraph({ graph: edit.graph, ops });
    const size = { f64: 16, i64: 16, u64: 16, i32: 8, u32: 8, f16: 4, i16: 4, u16: 4, i8: 2, u8: 2, bool: 2 }[dtype];
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i % 2 === 0 ? 1 : 0));
    const { outputs } = await session.run(new Map([["x", memoryTensor(dtype, [2], bytes)]]));
    expect([outputs.get("y")?.dtype, outputs.get("y")?.bytes()]).toEqual([dtype, bytes]);
    await session.close();
  }
});

test("without the optional package, or with a broken one, the error says how to get it", async () => {
  const missing = Object.assign(new Error("Cannot find package 'onnxruntime-node'"), { code: "ERR_MODULE_NOT_FOUND" });
  expect(await codeOf(() => loadRuntime(() => Promise.reject(missing)))).toMatch(
    /^VX-ENGINE-MISSING the package onnxruntime-node is not installed/,
  );
  const broken = new Error("libonnxruntime.so.1: cannot open shared object file");
  expect(await codeOf(() => loadRuntime(() => Promise.reject(broken)))).toMatch(/^VX-ENGINE-UNUSABLE .*libonnxruntime.so.1/);
});

test("types that the engine's interface lacks, and failures while running, are coded errors", async () => {
  const edit = new GraphEditor(ops, "g");
  const [y] = edit.insert("Identity", [edit.addInput("x", { dtype: "bf16", shape: [1] })], {}, { outputs: ["y"] });
  if (y) edit.addOutput(y);
  expect(await codeOf(() => engine.openGraph({ graph: edit.graph, ops }))).toMatch(/^VX-ENGINE-(LOAD|DTYPE) /);
  const gather = new GraphEditor(ops, "g");
  const [taken] = gather.insert("Gather", [
    gather.addInput("x", { dtype: "f32", shape: [2] }),
    gather.addInput("i", { dtype: "i64", shape: [1] }),
  ]);
  if (taken) gather.addOutput(taken);
  const session = await engine.openGraph({ graph: gather.graph, ops });
  const sample = new Map([
    ["x", f32Tensor([1, 2], [2])],
    ["i", i64Tensor([7])],
  ]);
  expect(await codeOf(() => session.run(sample))).toMatch(/^VX-ENGINE-RUN .*Gather/);
  await session.close();
});
