import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readTflite, tfliteFile } from "@vlm-export/formats/tflite";
import { f32Tensor, type Graph, type Model } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built, expectProof } from "./artifact.fixture.js";
import backend from "./index.js";
import { floats } from "./meaning.fixture.js";
import { randoms, Sketch } from "./sketch.fixture.js";

test("components with like names get files of their own, and run together", async () => {
  const [a, b] = ["x", "y"].map((name) => {
    const s = new Sketch();
    return s.model(s.node("Neg", [s.input(name, [2])])).components.get("main")!;
  }) as [Graph, Graph];
  const model: Model = {
    ...new Sketch().model(),
    components: new Map([
      ["a/b", a],
      ["a_b", b],
    ]),
  };
  const { artifact, context } = await built(model);
  expect(artifact.files.map(({ path }) => path)).toEqual(["a_b.tflite", "a_b_1.tflite"]);
  const session = await backend.open!(artifact, context);
  const results = await session.run(
    new Map([
      ["a/b/x", f32Tensor([1, 2], [2])],
      ["a_b/y", f32Tensor([3, 4], [2])],
    ]),
  );
  await session.close();
  expect([...results.values()].map((data) => [...floats(data)])).toEqual([
    [-1, -2],
    [-3, -4],
  ]);
});

test("what the engine only logs is an error: a convolution without bias is loaded by it and then never computed", async () => {
  const s = new Sketch();
  const { artifact, context, target } = await built(s.model(s.node("Conv", [s.input("x", [1, 1, 2, 2]), s.float([1, 1, 1, 1])])));
  const [{ model, path }] = target as [(typeof target)[0] & object];
  const operators = model.subgraphs[0]!.operators.map((operator) => ({ ...operator, inputs: operator.inputs.slice(0, 2) }));
  const unbiased = tfliteFile({ ...model, subgraphs: [{ ...model.subgraphs[0]!, operators }] });
  writeFileSync(join(artifact.dir, path), Buffer.concat([...unbiased.chunks()]));
  const run = async () => (await backend.open!(artifact, context)).run(new Map([["x", randoms([1, 1, 2, 2])]]));
  await expect(run()).rejects.toThrow(/ERROR: .*has_bias was not true/);
});

test("scales say which axis of a weight they are for, unless axes of one element leave it open", async () => {
  const s = new Sketch();
  const [wide, deep] = [s.input("wide", [1, 16], 0.02), s.input("deep", [1, 4, 3, 3], 0.02)];
  const product = s.integers(s.node("MatMul", [wide, s.weight([16, 16], "i8", 1)]), 0.02);
  const [w, zeros] = [s.weight([4, 1, 1, 1], "i8", 0), s.float([4])];
  const { artifact, context } = await built(s.model(product, s.integers(s.node("Conv", [deep, w, zeros], { group: 4 }), 0.02)));
  const { tensors } = await backend.decode(artifact, context);
  expect(tensors.flatMap(({ ints, scale, scaleShape }) => (ints && scale.length > 1 ? [scaleShape] : []))).toEqual([[1, 16], undefined]);
});

test("a constant that is stored twice is compared twice, in whatever order it lies", async () => {
  const s = new Sketch();
  const x = s.input("x", [3, 4], 0.02);
  const w = s.weight([4, 4], "i8");
  const c = s.float([1, 2, 3, 4]);
  const there = s.integers(s.node("Gemm", [x, w]), 0.02);
  const back = s.integers(s.node("Gemm", [there, w], { transB: 1 }), 0.02);
  const picture = s.node("MaxPool", [s.input("y", [1, 2, 3, 4])], { kernel_shape: [1, 1] });
  const model = s.model(back, s.node("Add", [picture, c]), s.node("Sub", [s.input("z", [1, 2, 3, 4]), c]));
  const { artifact, context } = await built(model);
  await expectProof(model, artifact, context);
  const keys = [...artifact.tensors, ...artifact.constants!]
    .filter(({ value }) => value === w.name || value === c.name)
    .map(({ key }) => key);
  expect(keys.map((key) => key.split("+").length)).toEqual([2, 2]);
  const path = join(artifact.dir, artifact.files[0]!.path);
  const bytes = readFileSync(path);
  const { subgraphs, buffers } = readTflite({ byteLength: bytes.byteLength, read: (begin, end) => bytes.subarray(begin, end) });
  for (const key of keys) {
    const copy = Number(/\+(\d+)/.exec(key)![1]);
    const stored = Buffer.from(buffers[subgraphs[0]!.tensors[copy]!.buffer]!.read());
    const changed = Buffer.from(bytes);
    changed[changed.lastIndexOf(stored)]! ^= 1;
    writeFileSync(path, changed);
    await expect(backend.decode(artifact, context)).rejects.toThrow("both stand for it and hold different numbers");
  }
});

test("a changed byte of a weight is found, a cut file is a coded error", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 16], 0.02);
  const w = s.weight([16, 8], "i8", 1);
  const model = s.model(s.integers(s.node("MatMul", [x, w]), 0.02));
  const { artifact, context } = await built(model);
  const path = join(artifact.dir, artifact.files[0]!.path);
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, -1));
  await expect(backend.decode(artifact, context)).rejects.toMatchObject({ kind: "verify", diagnostic: { code: "VX-DECODE-TFLITE-FILE" } });
  await expect(backend.open!(artifact, context)).rejects.toMatchObject({ diagnostic: { code: "VX-VERIFY-TFLITE-ENGINE" } });
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
  await expect(expectProof(model, artifact, context)).rejects.toThrow();
  for (const key of ["main.tflite#999", "main.tflite#0@0,0", "main.tflite#0:3,5", "nonsense"]) {
    const lost = { ...artifact, tensors: [{ ...artifact.tensors[0]!, key }] };
    await expect(backend.decode(lost, context)).rejects.toMatchObject({ kind: "verify", diagnostic: { code: "VX-DECODE-TFLITE-TENSOR" } });
  }
});
