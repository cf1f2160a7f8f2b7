import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { f32Tensor, type VxError } from "@vlm-export/ir";
import { encode } from "fast-png";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadSamples, type ModelInput, type SampleOptions } from "./index.js";
import { all, IMAGE, PNG, SampleFiles } from "./samples.fixture.js";

/** 8 × 6 pixels of red. */
const JPEG =
  "/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAGAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABQb/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCKALXj/9k=";

let files: SampleFiles;
let folder = "";
beforeAll(async () => {
  files = await SampleFiles.make();
  folder = files.folder;
  await mkdir(path.join(folder, "images"));
  await writeFile(path.join(folder, "images", "a.png"), PNG);
  await writeFile(path.join(folder, "images", "b.jpg"), Buffer.from(JPEG, "base64"));
});
afterAll(() => files.remove());

test("an input of 8-bit integers takes the pixels as they are", async () => {
  const bytes = (dtype: "u8" | "i8"): readonly ModelInput[] => [{ name: "pixels", type: { dtype, shape: ["batch", 4, 4, 3] } }];
  const line = await files.jsonl([{ image: "images/a.png" }]);
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
  await expect(all(await files.jsonl([{ image: "images/a.png" }]), { inputs, image })).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE-SETTINGS", message: expect.stringContaining(message), hint: expect.stringContaining("rescale: 1") },
  });
});

test("a thin picture is refused before it is resized to any length", async () => {
  const thin = { width: 30_000, height: 1, channels: 1, data: new Uint8Array(30_000) } as const;
  await writeFile(path.join(folder, "thin.png"), encode(thin));
  const inputs: readonly ModelInput[] = [{ name: "pixels", type: { dtype: "f32", shape: ["batch", 3, 64, 64] } }];
  await expect(all(await files.jsonl([{ image: "thin.png" }]), { inputs, image: {} })).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-IMAGE",
      message: expect.stringContaining("30000 × 1 would be resized to 1920000 × 64, which is more than 100000000 pixels"),
    },
  });
  expect(await all(await files.jsonl([{ image: "thin.png" }]), { inputs, image: { crop: "none" } })).toHaveLength(1);
});

test("input and layout of the recipe leave the steps to the processor file; a step of its own does not", async () => {
  await mkdir(path.join(folder, "processed"));
  const modelPath = path.join(folder, "processed", "m.onnx");
  const config = { do_resize: false, image_mean: [0.5], image_std: [0.25] };
  await writeFile(path.join(folder, "processed", "preprocessor_config.json"), JSON.stringify(config));
  const cache: ModelInput = { name: "past", type: { dtype: "f32", shape: ["batch", 1, 1, 1] } };
  await files.npz("past.npz", new Map([["past", f32Tensor([0], [1, 1, 1, 1])]]));
  const inputs = [...IMAGE.inputs, cache];
  const line = await files.jsonl([{ image: "images/a.png", tensors: "past.npz" }]);
  const second = async (image: SampleOptions["image"]): Promise<number | undefined> => {
    const [sample] = await all(line, { inputs, modelPath, ...(image && { image }) });
    return new Float32Array(Uint8Array.from(sample?.tensors.get("pixels")?.bytes() ?? []).buffer)[1];
  };
  await expect(second(undefined)).rejects.toThrow("2 of");
  expect(await second({ input: "pixels" })).toBe(Math.fround((Math.fround(15 / 255) - 0.5) / 0.25));
  expect(await second({ input: "pixels", rescale: 1 })).toBe(15);
});

test("an input that a picture and an array give is refused", async () => {
  await files.npz(
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
  await expect(all(await files.jsonl([{ image: "images/a.png", tensors: "pixels.npz" }]), IMAGE)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-INPUT", message: 'input "pixels" is given twice, by "image" and by "tensors".', where: { line: 1 } },
  });
});

const hasSharp = await import("sharp").then(
  () => true,
  () => false,
);

test("a picture that is no PNG is decoded by sharp, or the message says how to get it", async () => {
  const set = await loadSamples(await files.jsonl([{ image: "images/b.jpg" }]), IMAGE);
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

test("the hint on a picture of another size speaks of pictures", async () => {
  const { diagnostic } = (await all(await files.jsonl([{ image: "images/a.png" }]), { ...IMAGE, image: { size: [2, 2] } }).catch(
    (reason: unknown) => reason,
  )) as VxError;
  expect(diagnostic).toMatchObject({ code: "VX-CAL-SHAPE", hint: expect.stringContaining("model.image.size") });
});
