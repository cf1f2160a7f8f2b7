import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type NpySource, npzChunks } from "@vlm-export/formats/npy";
import { f32Tensor, i64Tensor, type TensorData, VxError } from "@vlm-export/ir";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSamples, type ModelInput, type Sample, type SampleOptions } from "./index.js";
import { all, IMAGE, PNG, SampleFiles } from "./samples.fixture.js";

let files: SampleFiles;
let folder = "";
beforeAll(async () => {
  files = await SampleFiles.make();
  folder = files.folder;
  await mkdir(path.join(folder, "images"));
  await writeFile(path.join(folder, "images", "a.png"), PNG);
  await writeFile(path.join(folder, "broken.png"), PNG.subarray(0, 40));
  await files.npz(
    "good.npz",
    new Map([
      ["x", f32Tensor([1, 2], [1, 2])],
      ["ids", i64Tensor([3, 4], [1, 2])],
      ["extra", f32Tensor([1], [1])],
    ]),
  );
});
afterAll(() => files.remove());

const ARRAYS: SampleOptions = {
  inputs: [
    { name: "x", type: { dtype: "f32", shape: ["batch", 2] } },
    { name: "ids", type: { dtype: "i64", shape: ["batch", 2] } },
  ],
};

const IDS_OF_ANY_LENGTH: ModelInput = { name: "ids", type: { dtype: "i64", shape: ["one", "length"] } };

test("arrays that the model does not take may hold anything", async () => {
  const chunks: Uint8Array[] = [];
  const x = { dtype: "f32" as const, shape: [1, 2], data: f32Tensor([1, 2], [1, 2]).bytes() };
  const ids = { dtype: "i64" as const, shape: [1, 2], data: i64Tensor([3, 4], [1, 2]).bytes() };
  const arrays = new Map<string, NpySource>([
    ["x", x],
    ["who", { dtype: "u8", shape: [3], data: Buffer.from("cat") }],
    ["ids", ids],
  ]);
  for await (const chunk of npzChunks(arrays)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  bytes.write("'|O3'", bytes.indexOf("'|u1'"), "latin1");
  await writeFile(path.join(folder, "objects.npz"), bytes);
  const [sample] = await all(await files.jsonl([{ tensors: "objects.npz" }]), ARRAYS);
  expect([...(sample?.tensors.keys() ?? [])]).toEqual(["x", "ids"]);
});

test("a flipped bit in an array as it is stored is refused", async () => {
  const bytes = await readFile(path.join(folder, "good.npz"));
  const at = bytes.indexOf(Buffer.from(f32Tensor([1, 2], [1, 2]).bytes()));
  bytes[at] = 1;
  await writeFile(path.join(folder, "flipped.npz"), bytes);
  await expect(all(await files.jsonl([{ tensors: "flipped.npz" }]), ARRAYS)).rejects.toMatchObject({
    diagnostic: { code: "VX-IMPORT-NPZ-CONTENT", message: expect.stringContaining("another checksum") },
  });
});

test("a cache of zeros is read however well it is packed", async () => {
  const shape = [1, 2, 500_000];
  const chunks: Uint8Array[] = [];
  for await (const chunk of npzChunks(new Map([["past", { dtype: "f32", shape, data: new Uint8Array(4_000_000) }]]), { deflate: true }))
    chunks.push(chunk);
  await writeFile(path.join(folder, "zeros.npz"), Buffer.concat(chunks));
  const inputs: readonly ModelInput[] = [{ name: "past", type: { dtype: "f32", shape: ["batch", 2, "past"] } }];
  const [sample] = await all(await files.jsonl([{ tensors: "zeros.npz" }]), { inputs });
  expect(sample?.tensors.get("past")?.shape).toEqual(shape);
});

test("pictures and arrays become the inputs, paths relative to the JSONL file", async () => {
  const [first, second] = await all(
    await files.jsonl([{ image: "images/a.png", prompt: "ignored" }, "", { image: ["images/a.png", "images/a.png"] }]),
    IMAGE,
  );
  expect(first?.tensors.get("pixels")?.shape).toEqual([1, 3, 4, 4]);
  expect(second?.tensors.get("pixels")?.shape).toEqual([2, 3, 4, 4]);
  expect(second?.name).toMatch(/data\.jsonl:3$/);
  const bytes = first?.tensors.get("pixels")?.bytes() as Uint8Array;
  expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 2)]).toEqual([0, Math.fround(15 / 255)]);
  const [arrays] = await all(await files.jsonl([{ tensors: "good.npz" }]), ARRAYS);
  expect([...(arrays?.tensors.keys() ?? [])]).toEqual(["x", "ids"]);
});

test("a limit of 0 takes no sample of any source", async () => {
  expect(await all(await files.jsonl([{ image: "images/a.png" }]), { ...IMAGE, limit: 0 })).toEqual([]);
  expect(await all("random", { ...ARRAYS, limit: 0 })).toEqual([]);
});

test("a set can be gone through twice, and a limit takes the first samples", async () => {
  const set = await loadSamples(await files.jsonl([{ image: "images/a.png" }, { image: "images/a.png" }, "not read"]), {
    ...IMAGE,
    limit: 2,
  });
  expect(set.size).toBe(2);
  for (let round = 0; round < 2; round += 1) {
    let count = 0;
    for await (const _ of set) count += 1;
    expect(count).toBe(2);
  }
  expect([...set.decoders]).toEqual(["png"]);
});

test("labels by index and by name, names from the list beside the data", async () => {
  await writeFile(path.join(folder, "shapes-labels.json"), '["circle", "square"]');
  const file = await files.jsonl(
    [
      { image: "images/a.png", label: "square" },
      { image: "images/a.png", label: 0 },
    ],
    "shapes-eval.jsonl",
  );
  expect((await all(file, { ...IMAGE, labels: "required" })).map(({ label }) => label)).toEqual([1, 0]);
  expect((await all(file, IMAGE)).map(({ label }) => label)).toEqual([undefined, undefined]);
});

test("a name that several classes have is refused with their indices; numbers and other names of the list stay usable", async () => {
  await writeFile(path.join(folder, "birds-labels.json"), '["crane", "heron", "crane", "stork"]');
  const load = async (label: string | number): Promise<readonly Sample[]> =>
    all(await files.jsonl([{ image: "images/a.png", label }], "birds-eval.jsonl"), { ...IMAGE, labels: "required" });
  await expect(load("crane")).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-LABEL", message: 'label "crane" is the name of several classes: 0, 2.', where: { line: 1 } },
  });
  await expect(load("storck")).rejects.toMatchObject({ diagnostic: { code: "VX-CAL-LABEL", hint: 'Did you mean "stork"?' } });
  for (const [label, index] of [
    ["stork", 3],
    [0, 0],
    [3, 3],
  ] as const)
    expect((await load(label))[0]?.label).toBe(index);
  await expect(load(4)).rejects.toThrow("label 4 is outside the 4 classes");
});

type Row = readonly [what: string, lines: readonly (string | object)[], options: SampleOptions, code: string, text: string, line?: number];
const BAD: readonly Row[] = [
  ["no sample", ["", "  "], IMAGE, "VX-CAL-EMPTY", "no samples"],
  ["malformed JSON", [{ image: "images/a.png" }, '{"image": }'], IMAGE, "VX-CAL-JSONL", "not JSON", 2],
  ["a list", ["[1]"], IMAGE, "VX-CAL-JSONL", "a list, expected a JSON object", 1],
  ["neither key", [{ picture: "a.png" }], IMAGE, "VX-CAL-JSONL", 'neither "image" nor "tensors"', 1],
  ["a number as path", [{ image: 3 }], IMAGE, "VX-CAL-JSONL", '"image" is 3, expected a path', 1],
  ["a URL", [{ image: "https://x/a.png" }], IMAGE, "VX-CAL-JSONL", "only files are read", 1],
  ["a missing file", [{ image: "images/a.png" }, { image: "none.png" }], IMAGE, "VX-CAL-FILE", "there is no such file", 2],
  ["a folder as picture", [{ image: "images" }], IMAGE, "VX-CAL-FILE", "it is a folder", 1],
  ["a damaged picture", [{ image: "broken.png" }], IMAGE, "VX-CAL-IMAGE", "the file ends before the end mark", 1],
  ["arrays that are no zip", [{ tensors: "images/a.png" }], ARRAYS, "VX-IMPORT-NPZ-STRUCTURE", "", 1],
  [
    "a missing array",
    [{ tensors: "good.npz" }],
    { inputs: [...ARRAYS.inputs, { name: "mask", type: { dtype: "bool", shape: [] } }] },
    "VX-CAL-INPUT",
    'does not give input "mask"; it gives "x", "ids", "extra"',
    1,
  ],
  [
    "a wrong dtype",
    [{ tensors: "good.npz" }],
    { inputs: [{ name: "x", type: { dtype: "f16", shape: [1, 2] } }] },
    "VX-CAL-DTYPE",
    'input "x": expected f16, got f32',
    1,
  ],
  [
    "a wrong shape",
    [{ tensors: "good.npz" }],
    { inputs: [{ name: "x", type: { dtype: "f32", shape: ["n", 3] } }] },
    "VX-CAL-SHAPE",
    'input "x": expected shape [n, 3], got [1, 2]',
    1,
  ],
  [
    "symbols that differ",
    [{ tensors: "good.npz" }],
    { inputs: [{ name: "x", type: { dtype: "f32", shape: ["n", "n"] } }] },
    "VX-CAL-SHAPE",
    "expected shape [n, n], got [1, 2]",
    1,
  ],
  ["a picture of another size", [{ image: "images/a.png" }], { ...IMAGE, image: { size: [5, 5] } }, "VX-CAL-SHAPE", "got [1, 3, 5, 5]", 1],
  ["no preprocessing", [{ image: "images/a.png" }], { inputs: IMAGE.inputs }, "VX-CAL-IMAGE-SETTINGS", "not stated", 1],
  [
    "an unknown image input",
    [{ image: "images/a.png" }],
    { ...IMAGE, image: { input: "pixel" } },
    "VX-CAL-IMAGE-SETTINGS",
    'the inputs are "pixels"',
    1,
  ],
  [
    "a label that the model has no class for",
    [
      { image: "images/a.png", label: 9 },
      { image: "images/a.png", label: 10 },
    ],
    { ...IMAGE, labels: "required", classCount: 10 },
    "VX-CAL-LABEL",
    "label 10 is outside the 10 classes of the model's output",
    2,
  ],
  ["no label", [{ image: "images/a.png" }], { ...IMAGE, labels: "required" }, "VX-CAL-LABEL", 'no "label"', 1],
  [
    "a name without list",
    [{ image: "images/a.png", label: "cat" }],
    { ...IMAGE, labels: "required" },
    "VX-CAL-LABEL",
    "no list of class names",
    1,
  ],
  [
    "a fraction as label",
    [{ image: "images/a.png", label: 1.5 }],
    { ...IMAGE, labels: "required" },
    "VX-CAL-LABEL",
    "1.5 is not a class index",
    1,
  ],
];

test.each(BAD.map(([what, ...row]) => ({ what, row })))(
  "$what is refused at its line",
  async ({ row: [lines, options, code, text, line] }) => {
    const file = await files.jsonl(lines);
    const error = await all(file, options).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(VxError);
    const { diagnostic } = error as VxError;
    expect([diagnostic.code, diagnostic.where.file, diagnostic.where.line]).toEqual([code, file, line]);
    expect(diagnostic.message).toContain(text);
  },
);

test.each([
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "-Infinity"],
])("%f in a sample is refused with its place", async (value, text) => {
  await files.npz(
    "bad.npz",
    new Map([
      ["x", f32Tensor([1, value], [1, 2])],
      ["ids", i64Tensor([3, 4], [1, 2])],
    ]),
  );
  await expect(all(await files.jsonl([{ tensors: "bad.npz" }]), ARRAYS)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-NON-FINITE", message: `input "x": element 1 is ${text}; samples must be finite.` },
  });
});

test("a sample without a single number is refused; one empty input among others is fine", async () => {
  const load = async (x: TensorData, ids: TensorData): Promise<readonly Sample[]> => {
    await files.npz(
      "empty.npz",
      new Map([
        ["x", x],
        ["ids", ids],
      ]),
    );
    return all(await files.jsonl([{ tensors: "empty.npz" }]), { inputs: [ARRAYS.inputs[0] as ModelInput, IDS_OF_ANY_LENGTH] });
  };
  await expect(load(f32Tensor([], [0, 2]), i64Tensor([], [1, 0]))).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-SHAPE", message: 'input "x": expected shape [batch, 2] with at least one element, got [0, 2].' },
  });
  expect(await load(f32Tensor([1, 2], [1, 2]), i64Tensor([], [1, 0]))).toHaveLength(1);
});

test.each([
  [{ mean: [0.5, 0.5] }, 'mean of the recipe\'s model.image has 2 numbers; input "pixels" has 3 channels.'],
  [{ std: [1, 1] }, 'std of the recipe\'s model.image has 2 numbers; input "pixels" has 3 channels.'],
])("%j is refused, as it leaves a channel out", async (image, message) => {
  await expect(all(await files.jsonl([{ image: "images/a.png" }]), { ...IMAGE, image })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE-SETTINGS", message },
  });
});

test("a .npy file is told from a damaged .npz file", async () => {
  await writeFile(path.join(folder, "one.npy"), "");
  await expect(all(await files.jsonl([{ tensors: "one.npy" }]), ARRAYS)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-FILE", hint: expect.stringContaining("numpy.savez under the name of the input") },
  });
});

test("a mask may hold −∞, but no +∞ and no NaN", async () => {
  const [x, ids] = ARRAYS.inputs as [ModelInput, ModelInput];
  const options = { inputs: [{ ...x, isMask: true }, ids] };
  const load = async (value: number): Promise<readonly Sample[]> => {
    await files.npz(
      "mask.npz",
      new Map([
        ["x", f32Tensor([0, value], [1, 2])],
        ["ids", i64Tensor([3, 4], [1, 2])],
      ]),
    );
    return all(await files.jsonl([{ tensors: "mask.npz" }]), options);
  };
  expect(await load(Number.NEGATIVE_INFINITY)).toHaveLength(1);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY])
    await expect(load(value)).rejects.toMatchObject({ diagnostic: { code: "VX-CAL-NON-FINITE" } });
});

test.each([
  ["none.jsonl", "VX-CAL-SOURCE", "there is no such file"],
  ["good.npz", "VX-CAL-SOURCE", "must be a JSONL file"],
])("data source %j is refused", async (name, code, text) => {
  await expect(loadSamples(path.join(folder, name), IMAGE)).rejects.toMatchObject({
    diagnostic: { code, message: expect.stringContaining(text) },
  });
});

test("a data set that is not there is told with where it was looked for, whoever named it", async () => {
  await expect(loadSamples("none.jsonl", IMAGE)).rejects.toMatchObject({
    diagnostic: { hint: expect.stringContaining(`Looked for ${path.resolve("none.jsonl")}: `) },
  });
});

test("random data is the same for a seed, other for another, and finite", async () => {
  const values = async (seed: number): Promise<readonly string[]> =>
    (await all("random", { ...ARRAYS, limit: 2, seed })).map(({ tensors }) => Buffer.from(tensors.get("x")?.bytes() ?? []).toString("hex"));
  const [one, two] = await values(1);
  expect(await values(1)).toEqual([one, two]);
  expect(one).not.toBe(two);
  expect((await values(2))[0]).not.toBe(one);
  await expect(all("random", { inputs: [{ name: "x", type: { dtype: "f32", shape: [1, "seq"] } }] })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-RANDOM" },
  });
});

test("random floats are standard normal", async () => {
  const [sample] = await all("random", { inputs: [{ name: "x", type: { dtype: "f32", shape: [20_000] } }], limit: 1 });
  const bytes = sample?.tensors.get("x")?.bytes() as Uint8Array;
  const values = [...new Float32Array(bytes.buffer, bytes.byteOffset, 20_000)];
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  expect(Math.abs(mean)).toBeLessThan(0.03);
  expect(Math.abs(variance - 1)).toBeLessThan(0.05);
});

test("a set stops at an abort", async () => {
  const controller = new AbortController();
  const set = await loadSamples("random", { ...ARRAYS, limit: 5, signal: controller.signal });
  const read = async (): Promise<void> => {
    for await (const _ of set) controller.abort();
  };
  await expect(read()).rejects.toThrow("aborted");
});
