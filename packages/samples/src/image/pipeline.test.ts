import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { applyPipeline, resizedSize } from "./apply-pipeline.js";
import { type ImagePipeline, pipelineOfSettings } from "./image-pipeline.js";
import type { Pixels } from "./pixels.js";
import { findPreprocessor, readPreprocessor } from "./preprocessor.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "samples-"));
});
afterAll(() => rm(folder, { recursive: true }));

const plain: ImagePipeline = { source: "test", color: "any", filter: "bilinear", rescale: 1 };
const picture: Pixels = { width: 3, height: 2, channels: 3, data: Uint8Array.from({ length: 18 }, (_, i) => i * 10) };

test("the shorter side gets its length, the longer is truncated", () => {
  expect(resizedSize({ height: 427, width: 640 }, { shortestEdge: 224 })).toEqual({ height: 224, width: 335 });
  expect(resizedSize({ height: 640, width: 427 }, { shortestEdge: 224 })).toEqual({ height: 335, width: 224 });
  expect(resizedSize({ height: 100, width: 300 }, { cover: { height: 50, width: 200 } })).toEqual({ height: 66, width: 200 });
  expect(resizedSize({ height: 100, width: 300 }, { cover: { height: 50, width: 100 } })).toEqual({ height: 50, width: 150 });
});

test("planes or interleaved, RGB or BGR, scaled and normalized in 32 bits", () => {
  const nchw = applyPipeline(picture, plain, { channels: 3, layout: "NCHW" });
  expect([...nchw.data.subarray(0, 6)]).toEqual([0, 30, 60, 90, 120, 150]);
  const bgr = applyPipeline(picture, { ...plain, color: "BGR" }, { channels: 3, layout: "NHWC" });
  expect([...bgr.data.subarray(0, 3)]).toEqual([20, 10, 0]);
  const normal = applyPipeline(picture, { ...plain, rescale: 1 / 255, mean: [0.5], std: [0.25] }, { channels: 3, layout: "NCHW" });
  expect(normal.data[1]).toBe(Math.fround((Math.fround(30 / 255) - 0.5) / 0.25));
});

test("color gray repeats the luma where the input has three channels", () => {
  const gray = applyPipeline(picture, { ...plain, color: "gray" }, { channels: 1, layout: "NHWC" });
  const repeated = applyPipeline(picture, { ...plain, color: "gray" }, { channels: 3, layout: "NHWC" });
  expect(repeated.channels).toBe(3);
  expect([...repeated.data]).toEqual([...gray.data].flatMap((luma) => [luma, luma, luma]));
});

test("a center crop starts at the floor of half the difference; what lies outside is zero", () => {
  const crop = (height: number, width: number): readonly number[] => [
    ...applyPipeline(
      { width: 3, height: 2, channels: 1, data: Uint8Array.of(1, 2, 3, 4, 5, 6) },
      { ...plain, crop: { height, width } },
      { channels: 1, layout: "NCHW" },
    ).data,
  ];
  expect(crop(2, 1)).toEqual([2, 5]);
  expect(crop(1, 2)).toEqual([1, 2]);
  expect(crop(3, 5)).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0]);
});

test("settings of a recipe: size and center crop by default, stretch when crop is none", () => {
  expect(pipelineOfSettings({ size: [64, 48] }, "recipe")).toMatchObject({
    resize: { cover: { height: 64, width: 48 } },
    crop: { height: 64, width: 48 },
    filter: "bilinear",
    rescale: 1 / 255,
  });
  expect(pipelineOfSettings({ crop: "none" }, "recipe", { size: { height: 8, width: 9 }, rescale: 1 })).toMatchObject({
    resize: { to: { height: 8, width: 9 } },
    rescale: 1,
  });
  expect(pipelineOfSettings({ size: [224, 224], shortestEdge: 256 }, "recipe")).toMatchObject({
    resize: { shortestEdge: 256 },
    crop: { height: 224, width: 224 },
  });
});

const read = async (config: object): Promise<ImagePipeline> => {
  const file = path.join(folder, "preprocessor_config.json");
  await writeFile(file, JSON.stringify(config));
  return readPreprocessor(file);
};

test("a CLIP processor file", async () => {
  const clip = {
    image_processor_type: "CLIPImageProcessor",
    size: { shortest_edge: 64 },
    resample: 3,
    do_center_crop: true,
    crop_size: { height: 64, width: 64 },
    image_mean: [0.48, 0.45, 0.4],
    image_std: [0.26, 0.26, 0.27],
  };
  expect(await read(clip)).toMatchObject({
    resize: { shortestEdge: 64 },
    crop: { height: 64, width: 64 },
    filter: "bicubic",
    rescale: 1 / 255,
    mean: [0.48, 0.45, 0.4],
  });
  expect(await read({ feature_extractor_type: "CLIPFeatureExtractor", size: 224, crop_size: 224 })).toMatchObject({
    resize: { shortestEdge: 224 },
    crop: { height: 224, width: 224 },
  });
  expect(await read({ image_processor_type: "ViTImageProcessor", size: 224, do_normalize: false, image_mean: [0.5] })).toEqual(
    expect.not.objectContaining({ mean: [0.5] }),
  );
});

test.each([
  ["BitImageProcessor", { resize: { shortestEdge: 100 }, filter: "bicubic", color: "any" }],
  ["MobileNetV2FeatureExtractor", { resize: { shortestEdge: 100 }, filter: "bilinear", color: "any" }],
  ["MobileViTImageProcessor", { resize: { shortestEdge: 100 }, filter: "bilinear", color: "BGR" }],
  ["DeiTImageProcessorFast", { resize: { to: { height: 100, width: 100 } }, filter: "bicubic", color: "any" }],
  [undefined, { resize: { to: { height: 100, width: 100 } }, filter: "bilinear", color: "any" }],
])("what a file of %s leaves open is what that processor does", async (image_processor_type, expected) => {
  expect(await read({ image_processor_type, size: 100, do_center_crop: false })).toMatchObject(expected);
});

test("ConvNext cuts its share out of a larger picture, and stretches from 384 on", async () => {
  const resnet = { feature_extractor_type: "ConvNextFeatureExtractor", crop_pct: 0.95, size: 224 };
  expect(await read(resnet)).toMatchObject({ resize: { shortestEdge: 235 }, crop: { height: 224, width: 224 } });
  expect(await read({ ...resnet, crop_pct: null })).toMatchObject({ resize: { shortestEdge: 256 } });
  const large = await read({ ...resnet, size: { shortest_edge: 384 } });
  expect(large).toMatchObject({ resize: { to: { height: 384, width: 384 } } });
  expect(large.crop).toBeUndefined();
  await expect(read({ ...resnet, crop_pct: 1.5 })).rejects.toThrow("crop_pct is 1.5, expected a number above 0, at most 1");
  await expect(read({ ...resnet, size: { height: 224, width: 224 } })).rejects.toThrow("expected shortest_edge");
});

test("a step that is null is left out", async () => {
  const steps = { do_resize: null, do_center_crop: null, do_rescale: null, do_normalize: null };
  const given = { size: 8, crop_size: { height: 4, width: 4 }, rescale_factor: 0.5, image_mean: [0.5], image_std: [0.5] };
  expect(await read({ ...steps, ...given })).toEqual({ source: expect.any(String), color: "any", filter: "bilinear", rescale: 1 });
});

test("labels that a segmentation model reduces do not concern the pictures", async () => {
  expect(await read({ image_processor_type: "SegformerImageProcessor", size: 64, do_reduce_labels: true })).toMatchObject({
    rescale: 1 / 255,
  });
});

test.each([
  [{ image_processor_type: "LevitImageProcessor", size: 224 }, "it is of a LevitImageProcessor, whose steps"],
  [{ image_processor_type: "__proto__", size: 224 }, "it is of a __proto__, whose steps"],
  [{ image_processor_type: "DPTImageProcessor", size: 384, keep_aspect_ratio: true }, "keep_aspect_ratio"],
  [{ image_processor_type: "DPTImageProcessor", size: 384, ensure_multiple_of: 14 }, "ensure_multiple_of 14"],
  [{ image_processor_type: "ViTImageProcessor", size: 224, crop_pct: 0.9 }, "crop_pct"],
  [{ image_processor_type: "ViTImageProcessor", size: 224, crop_size: 200, do_center_crop: true }, "in some versions only"],
  [{ image_processor_type: "CLIPImageProcessor", size: 224 }, "neither crop_size nor do_center_crop: false"],
  [{ image_processor_type: "ViTImageProcessor" }, "it has no size to resize to, nor do_resize: false"],
  [{ size: 224, do_normalize: true, image_mean: [0.5] }, "it lacks image_mean or image_std"],
  [{ size: { longest_edge: 10, shortest_edge: 5 } }, "bounds the longest edge"],
  [{ do_pad: true }, "do_pad"],
  [{ size: { height: 0, width: 3 } }, "size.height is 0"],
  [{ resample: 9 }, "resample is 9"],
  [{ size: 8, image_std: [0] }, "image_std is [0], expected 1 to 3 numbers above 0"],
  [{ rescale_factor: "x" }, 'rescale_factor is "x"'],
])("%j is refused", async (config, message) => {
  await expect(read(config)).rejects.toThrow(message);
});

test("the processor file is looked for beside the model and one folder up", async () => {
  const inner = path.join(folder, "models", "onnx");
  await mkdir(inner, { recursive: true });
  expect(await findPreprocessor(path.join(inner, "m.onnx"))).toBeUndefined();
  await writeFile(path.join(folder, "models", "preprocessor_config.json"), "{");
  const found = (await findPreprocessor(path.join(inner, "m.onnx"))) as string;
  await expect(readPreprocessor(found)).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-PREPROCESSOR", message: "the file is not JSON." },
  });
});

test("a processor_config.json counts where it has a part for pictures", async () => {
  const inner = path.join(folder, "whole", "onnx");
  await mkdir(inner, { recursive: true });
  const [own, whole] = [path.join(folder, "whole", "preprocessor_config.json"), path.join(inner, "processor_config.json")];
  const found = (): Promise<string | undefined> => findPreprocessor(path.join(inner, "m.onnx"));
  await writeFile(whole, JSON.stringify({ image_seq_length: 64 }));
  expect(await found()).toBeUndefined();
  await writeFile(whole, "{");
  expect(await found()).toBeUndefined();
  await writeFile(own, JSON.stringify({ size: 9 }));
  expect(await found()).toBe(own);
  await writeFile(whole, JSON.stringify({ image_processor: { image_processor_type: "CLIPImageProcessor", size: 8, crop_size: 8 } }));
  expect(await found()).toBe(whole);
  expect(await readPreprocessor(whole)).toMatchObject({ resize: { shortestEdge: 8 }, filter: "bicubic" });
  await writeFile(whole, JSON.stringify({ image_processor: [] }));
  await expect(readPreprocessor(whole)).rejects.toThrow("it is not a JSON object");
});
