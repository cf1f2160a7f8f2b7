import { mkdtemp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type NpyDType, type NpySource, npzChunks } from "@vlm-export/formats/npy";
import { f32Tensor, i64Tensor, type TensorData, VxError } from "@vlm-export/ir";
import { encode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSamples, type ModelInput, type Sample, type SampleOptions } from "./index.js";

/** 8 × 6 pixels of red. */
const JPEG =
  "/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAGAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABQb/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCKALXj/9k=";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "samples-"));
  await mkdir(path.join(folder, "images"));
  const data = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => i * 5);
  await writeFile(path.join(folder, "images", "a.png"), encode({ width: 4, height: 4, channels: 3, data }));
  await writeFile(path.join(folder, "images", "b.jpg"), Buffer.from(JPEG, "base64"));
  await writeFile(path.join(folder, "broken.png"), encode({ width: 4, height: 4, channels: 3, data }).subarray(0, 40));
  await npz(
    "good.npz",
    new Map([
      ["x", f32Tensor([1, 2], [1, 2])],
      ["ids", i64Tensor([3, 4], [1, 2])],
      ["extra", f32Tensor([1], [1])],
    ]),
  );
});
afterAll(() => rm(folder, { recursive: true }));

async function npz(name: string, arrays: ReadonlyMap<string, TensorData>): Promise<void> {
  const chunks: Uint8Array[] = [];
  const sources = new Map([...arrays].map(([key, { dtype, shape, bytes }]) => [key, { dtype: dtype as NpyDType, shape, data: bytes() }]));
  for await (const chunk of npzChunks(sources)) chunks.push(chunk);
  await writeFile(path.join(folder, name), Buffer.concat(chunks));
}

const IMAGE: SampleOptions = { inputs: [{ name: "pixels", type: { dtype: "f32", shape: ["batch", 3, 4, 4] } }], image: {} };
const ARRAYS: SampleOptions = {
  inputs: [
    { name: "x", type: { dtype: "f32", shape: ["batch", 2] } },
    { name: "ids", type: { dtype: "i64", shape: ["batch", 2] } },
  ],
};

const IDS_OF_ANY_LENGTH: ModelInput = { name: "ids", type: { dtype: "i64", shape: ["one", "length"] } };

async function jsonl(lines: readonly (string | object)[], name = "data.jsonl"): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"));
  return file;
}

async function all(file: string, options: SampleOptions): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  for await (const sample of await loadSamples(file, options)) samples.push(sample);
  return samples;
}

test("an input of 8-bit integers takes the pixels as they are", async () => {
  const bytes = (dtype: "u8" | "i8"): readonly ModelInput[] => [{ name: "pixels", type: { dtype, shape: ["batch", 4, 4, 3] } }];
  const line = await jsonl([{ image: "images/a.png" }]);
  const [asTheyAre] = await all(line, { inputs: bytes("u8"), image: {} });
  expect([...(asTheyAre?.tensors.get("pixels")?.bytes() ?? [])].slice(0, 4)).toEqual([0, 5, 10, 15]);
  const [shifted] = await all(line, { inputs: bytes("i8"), image: { mean: [128] } });
  expect([...new Int8Array(shifted?.tensors.get("pixels")?.bytes() ?? [])].slice(0, 4)).toEqual([-128, -123, -118, -113]);
});

test.each([
  ["u8", { rescale: 1 / 255 }, "takes u8, and the recipe's model.image makes of pixels 2 integers from 0 to 1."],
  ["u8", { mean: [1] }, "makes of pixels 256 integers from -1 to 254."],
  ["i8", {}, "takes i8, and the recipe's model.image makes of pixels 256 integers from 0 to 255."],
] as const)("pixels that do not fit %s are refused: %j", async (dtype, image, message) => {
  const inputs: readonly ModelInput[] = [{ name: "pixels", type: { dtype, shape: ["batch", 4, 4, 3] } }];
  await expect(all(await jsonl([{ image: "images/a.png" }]), { inputs, image })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE-SETTINGS", message: expect.stringContaining(message), hint: expect.stringContaining("rescale: 1") },
  });
});

test("a thin picture is refused before it is resized to any length", async () => {
  const thin = { width: 30_000, height: 1, channels: 1, data: new Uint8Array(30_000) } as const;
  await writeFile(path.join(folder, "thin.png"), encode(thin));
  const inputs: readonly ModelInput[] = [{ name: "pixels", type: { dtype: "f32", shape: ["batch", 3, 64, 64] } }];
  await expect(all(await jsonl([{ image: "thin.png" }]), { inputs, image: {} })).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-IMAGE",
      message: expect.stringContaining("30000 × 1 would be resized to 1920000 × 64, which is more than 100000000 pixels"),
    },
  });
  expect(await all(await jsonl([{ image: "thin.png" }]), { inputs, image: { crop: "none" } })).toHaveLength(1);
});

test("input and layout of the recipe leave the steps to the processor file; a step of its own does not", async () => {
  await mkdir(path.join(folder, "processed"));
  const modelPath = path.join(folder, "processed", "m.onnx");
  const config = { do_resize: false, image_mean: [0.5], image_std: [0.25] };
  await writeFile(path.join(folder, "processed", "preprocessor_config.json"), JSON.stringify(config));
  const cache: ModelInput = { name: "past", type: { dtype: "f32", shape: ["batch", 1, 1, 1] } };
  await npz("past.npz", new Map([["past", f32Tensor([0], [1, 1, 1, 1])]]));
  const inputs = [...IMAGE.inputs, cache];
  const line = await jsonl([{ image: "images/a.png", tensors: "past.npz" }]);
  const second = async (image: SampleOptions["image"]): Promise<number | undefined> => {
    const [sample] = await all(line, { inputs, modelPath, ...(image && { image }) });
    return new Float32Array(Uint8Array.from(sample?.tensors.get("pixels")?.bytes() ?? []).buffer)[1];
  };
  await expect(second(undefined)).rejects.toThrow("2 of");
  expect(await second({ input: "pixels" })).toBe(Math.fround((Math.fround(15 / 255) - 0.5) / 0.25));
  expect(await second({ input: "pixels", rescale: 1 })).toBe(15);
});

test("an input that a picture and an array give is refused", async () => {
  await npz(
    "pixels.npz",
    new Map([
      [
        "pixels",
        f32Tensor(
          Array.from({ length: 48 }, () => 0),
          [1, 3, 4, 4],
        ),
      ],
    ]),
  );
  await expect(all(await jsonl([{ image: "images/a.png", tensors: "pixels.npz" }]), IMAGE)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-INPUT", message: 'input "pixels" is given twice, by "image" and by "tensors".', where: { line: 1 } },
  });
});

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
  const [sample] = await all(await jsonl([{ tensors: "objects.npz" }]), ARRAYS);
  expect([...(sample?.tensors.keys() ?? [])]).toEqual(["x", "ids"]);
});

test("a flipped bit in an array as it is stored is refused", async () => {
  const bytes = await readFile(path.join(folder, "good.npz"));
  const at = bytes.indexOf(Buffer.from(f32Tensor([1, 2], [1, 2]).bytes()));
  bytes[at] = 1;
  await writeFile(path.join(folder, "flipped.npz"), bytes);
  await expect(all(await jsonl([{ tensors: "flipped.npz" }]), ARRAYS)).rejects.toMatchObject({
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
  const [sample] = await all(await jsonl([{ tensors: "zeros.npz" }]), { inputs });
  expect(sample?.tensors.get("past")?.shape).toEqual(shape);
});

const hasSharp = await import("sharp").then(
  () => true,
  () => false,
);

test("a picture that is no PNG is decoded by sharp, or the message says how to get it", async () => {
  const set = await loadSamples(await jsonl([{ image: "images/b.jpg" }]), IMAGE);
  const read = async (): Promise<readonly string[]> => {
    for await (const { tensors } of set) expect(tensors.get("pixels")?.shape).toEqual([1, 3, 4, 4]);
    return [...set.decoders];
  };
  if (hasSharp) expect((await read())[0]).toMatch(/^sharp \d+\.\d+\.\d+ \(libvips /);
  else
    await expect(read()).rejects.toMatchObject({
      kind: "tool",
      diagnostic: { code: "VX-CAL-IMAGE-DECODER", hint: expect.stringContaining("npm install sharp") },
    });
});

test("pictures and arrays become the inputs, paths relative to the JSONL file", async () => {
  const [first, second] = await all(
    await jsonl([{ image: "images/a.png", prompt: "ignored" }, "", { image: ["images/a.png", "images/a.png"] }]),
    IMAGE,
  );
  expect(first?.tensors.get("pixels")?.shape).toEqual([1, 3, 4, 4]);
  expect(second?.tensors.get("pixels")?.shape).toEqual([2, 3, 4, 4]);
  expect(second?.name).toMatch(/data\.jsonl:3$/);
  const bytes = first?.tensors.get("pixels")?.bytes() as Uint8Array;
  expect([...new Float32Array(bytes.buffer, bytes.byteOffset, 2)]).toEqual([0, Math.fround(15 / 255)]);
  const [arrays] = await all(await jsonl([{ tensors: "good.npz" }]), ARRAYS);
  expect([...(arrays?.tensors.keys() ?? [])]).toEqual(["x", "ids"]);
});

test("a limit of 0 takes no sample of any source", async () => {
  expect(await all(await jsonl([{ image: "images/a.png" }]), { ...IMAGE, limit: 0 })).toEqual([]);
  expect(await all("random", { ...ARRAYS, limit: 0 })).toEqual([]);
});

test("a set can be gone through twice, and a limit takes the first samples", async () => {
  const set = await loadSamples(await jsonl([{ image: "images/a.png" }, { image: "images/a.png" }, "not read"]), { ...IMAGE, limit: 2 });
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
  const file = await jsonl(
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
    all(await jsonl([{ image: "images/a.png", label }], "birds-eval.jsonl"), { ...IMAGE, labels: "required" });
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
    const file = await jsonl(lines);
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
  await npz(
    "bad.npz",
    new Map([
      ["x", f32Tensor([1, value], [1, 2])],
      ["ids", i64Tensor([3, 4], [1, 2])],
    ]),
  );
  await expect(all(await jsonl([{ tensors: "bad.npz" }]), ARRAYS)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-NON-FINITE", message: `input "x": element 1 is ${text}; samples must be finite.` },
  });
});

test("a sample without a single number is refused; one empty input among others is fine", async () => {
  const load = async (x: TensorData, ids: TensorData): Promise<readonly Sample[]> => {
    await npz(
      "empty.npz",
      new Map([
        ["x", x],
        ["ids", ids],
      ]),
    );
    return all(await jsonl([{ tensors: "empty.npz" }]), { inputs: [ARRAYS.inputs[0] as ModelInput, IDS_OF_ANY_LENGTH] });
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
  await expect(all(await jsonl([{ image: "images/a.png" }]), { ...IMAGE, image })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE-SETTINGS", message },
  });
});

test("the hint on a picture of another size speaks of pictures", async () => {
  const { diagnostic } = (await all(await jsonl([{ image: "images/a.png" }]), { ...IMAGE, image: { size: [2, 2] } }).catch(
    (reason: unknown) => reason,
  )) as VxError;
  expect(diagnostic).toMatchObject({ code: "VX-CAL-SHAPE", hint: expect.stringContaining("model.image.size") });
});

test("a .npy file is told from a damaged .npz file", async () => {
  await writeFile(path.join(folder, "one.npy"), "");
  await expect(all(await jsonl([{ tensors: "one.npy" }]), ARRAYS)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-FILE", hint: expect.stringContaining("numpy.savez under the name of the input") },
  });
});

test("a mask may hold −∞, but no +∞ and no NaN", async () => {
  const [x, ids] = ARRAYS.inputs as [ModelInput, ModelInput];
  const options = { inputs: [{ ...x, isMask: true }, ids] };
  const load = async (value: number): Promise<readonly Sample[]> => {
    await npz(
      "mask.npz",
      new Map([
        ["x", f32Tensor([0, value], [1, 2])],
        ["ids", i64Tensor([3, 4], [1, 2])],
      ]),
    );
    return all(await jsonl([{ tensors: "mask.npz" }]), options);
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
