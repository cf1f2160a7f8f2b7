import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Pixels, toGray } from "./pixels.js";
import { type ResampleFilter, resample } from "./resample.js";

const [WIDTH, HEIGHT] = [13, 9];
const picture: Pixels = {
  width: WIDTH,
  height: HEIGHT,
  channels: 3,
  data: Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => {
    const [c, x, y] = [i % 3, Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH)];
    return (x * 37 + y * 101 + c * 53 + x * y * 11) % 256;
  }),
};

/** SHA-256 of the pixels that Pillow 13.0.0 makes of the same picture. */
const PILLOW: readonly (readonly [ResampleFilter, number, number, string])[] = [
  ["nearest", 5, 4, "8ede2553702181a888f6dd3fdf3ec263930cfadb5827a8a15eca1b4c568c4221"],
  ["nearest", 12, 3, "eec0cc55012dd99368fef3d104d6172452a308fb7376d2bc808d949bad0b6be8"],
  ["nearest", 17, 11, "9f4990a857f54fe4ed37a0a7273fd8fa243a0b1d9693c99dde648d8b84aa6897"],
  ["lanczos", 5, 4, "fcb8cf8c697c829b64a958600fdee8f240248bddad2e6134f8b037cc479ea049"],
  ["lanczos", 12, 3, "f8edc571e665911b60062090d7953a4e27806e4d88cfa68814501ac62c9b75e1"],
  ["lanczos", 17, 11, "54a5dc82244c4c16ab5eeaa81d83d3fdbaf86a8e5a35b1f871eba7f2d290189c"],
  ["bilinear", 5, 4, "278ec435fa7ce653534c66fa9e8ef79462910c8a4dc88a113c5408218b30dc3b"],
  ["bilinear", 12, 3, "30992ebea5a8eaaaf4015a0e86c76c0cb585cffdbddefe0266739aef60ec0e64"],
  ["bilinear", 17, 11, "140090a4984fd0d90b149feeae74bc6c48b96a54099c62e9ee82f93632c31378"],
  ["bicubic", 5, 4, "f5b9cc65c50be6ec4ce8cf8a138445c8deff396db39aa2784f554912d4dc16f6"],
  ["bicubic", 12, 3, "21c55f5fab86ae13d56f9cdd4a57c447304010fb3fc18de8ffa045666f24689a"],
  ["bicubic", 17, 11, "d2218fcbf68352479f51a45661915836fc632527a58188915ba15b1c528c03eb"],
  ["box", 5, 4, "af89efc08e8beb42077d3050dc110959af2af3451ec570453cdbf07e35da6378"],
  ["box", 12, 3, "f0d67ce60e500371fe3cac3010fe0acda0cebf705d1d94fd328db44267edf103"],
  ["box", 17, 11, "9f4990a857f54fe4ed37a0a7273fd8fa243a0b1d9693c99dde648d8b84aa6897"],
];

test.each(PILLOW)("%s to %i × %i is bit for bit Pillow's", (filter, width, height, expected) => {
  const { data } = resample(picture, width, height, filter);
  expect(createHash("sha256").update(data).digest("hex")).toBe(expected);
});

test("known values of Pillow: bicubic to 2 × 2, gray and bilinear to 3 × 1", () => {
  expect([...resample(picture, 2, 2, "bicubic").data]).toEqual([122, 134, 143, 122, 126, 130, 125, 141, 128, 123, 123, 135]);
  expect([...resample(toGray(picture), 3, 1, "bilinear").data]).toEqual([135, 126, 125]);
});

test("a picture resized to its own size is itself, and an even one stays even", () => {
  const even: Pixels = { width: 5, height: 4, channels: 1, data: new Uint8Array(20).fill(77) };
  for (const filter of ["nearest", "box", "bilinear", "bicubic", "lanczos"] as const) {
    expect(resample(picture, WIDTH, HEIGHT, filter).data).toEqual(picture.data);
    expect(new Set(resample(even, 9, 2, filter).data)).toEqual(new Set([77]));
  }
});
