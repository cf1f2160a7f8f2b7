import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage } from "./decode.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "decode-"));
});
afterAll(() => rm(folder, { recursive: true }));

const PLACE = { file: "data.jsonl", line: 1 };
const hasSharp = await import("sharp").then(
  () => true,
  () => false,
);

async function decoded(bytes: Uint8Array): ReturnType<typeof decodeImage> {
  const file = path.join(folder, "picture");
  await writeFile(file, bytes);
  return decodeImage(file, PLACE);
}

/** 16 × 8 pixels, the left half CMYK (10, 200, 90, 0), the right half (250, 30, 128, 60); written by Pillow. */
const CMYK_JPEG =
  "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB/8AAFAgACAAQBEMRAE0RAFkRAEsRAP/EABYAAQEBAAAAAAAAAAAAAAAAAAkKC//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAOBEMATQBZAEsAAD8AuoTbkoX8MH9qoDPA+//Z";

test.skipIf(!hasSharp)("CMYK has the colors of Pillow, not those of a printing profile", async () => {
  const { pixels } = await decoded(Buffer.from(CMYK_JPEG, "base64"));
  expect(pixels).toMatchObject({ width: 16, height: 8, channels: 3 });
  expect([...pixels.data.subarray(0, 3)]).toEqual([245, 55, 165]);
  expect([...pixels.data.subarray(15 * 3, 16 * 3)]).toEqual([4, 172, 97]);
});

test.skipIf(!hasSharp)("a format that is not read says which are", async () => {
  await expect(decoded(Buffer.from("BM and no more"))).rejects.toMatchObject({
    diagnostic: {
      code: "VX-CAL-IMAGE",
      message: expect.stringContaining("it is no PNG, JPEG, WebP, GIF, TIFF, AVIF or SVG"),
      hint: expect.stringContaining("as PNG or JPEG"),
    },
  });
});

test("an empty file is told as one", async () => {
  await expect(decoded(new Uint8Array(0))).rejects.toMatchObject({
    diagnostic: { code: "VX-CAL-IMAGE", message: expect.stringContaining("the file is empty") },
  });
});
