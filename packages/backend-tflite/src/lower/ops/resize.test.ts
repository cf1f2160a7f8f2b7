import { f32Tensor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../../artifact.fixture.js";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

const nearest = { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_floor" } as const;
const resized = (scale: number) => {
  const s = new Sketch();
  return s.model(s.node("Resize", [s.input("x", [1, 2, 3, 4], 0.02), null, s.float([4], f32Tensor([1, 1, scale, 2], [4]))], nearest));
};

test("ONNX's own rounding is taken where nothing lies halfway", async () => {
  await expectMeaning(resized(2));
  await expectMeaning(resized(3));
  await expect(built(resized(2 / 3))).rejects.toThrow("Resize nearest with half_pixel and round_prefer_floor");
});
