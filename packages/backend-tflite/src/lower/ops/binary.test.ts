import { f32Tensor, i64Tensor } from "@vlm-export/ir";
import { test } from "vitest";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

test("powers of real numbers may have whole exponents", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 3, 4]);
  const moved = s.node("Transpose", [x], { perm: [2, 0, 1] });
  const exponents = [i64Tensor([2], []), i64Tensor([1, 2, 3], [3]), f32Tensor([2], [])].map((data, i) =>
    s.edit.addConstant(`exponent_${i}`, data),
  );
  await expectMeaning(s.model(...exponents.map((exponent) => s.node("Pow", [moved, exponent]))));
});
