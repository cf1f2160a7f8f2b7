import { f32Tensor } from "@vlm-export/ir";
import { test } from "vitest";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

test("a Gemm keeps its meaning with any factors and any C", async () => {
  const s = new Sketch();
  const x = s.input("x", [3, 4], 0.02);
  const gemm = (c: readonly number[] | undefined, attrs: Readonly<Record<string, number>> = {}) =>
    s.node(
      "Gemm",
      [x, s.weight(attrs["transB"] ? [5, attrs["transA"] ? 3 : 4] : [attrs["transA"] ? 3 : 4, 5], "i8"), c ? s.float(c) : null],
      attrs,
    );
  await expectMeaning(
    s.model(
      s.integers(gemm([5], { alpha: 0.5, beta: 2 }), 0.02),
      gemm(undefined, { alpha: -1.5, transB: 1 }),
      gemm([5], { beta: 0.25 }),
      gemm([3, 5]),
      gemm([3, 1]),
      gemm([1, 5]),
      gemm([1]),
      gemm([]),
      gemm([4, 1], { transA: 1, alpha: 2 }),
      s.node("Gemm", [x, s.weight([4, 1], "i8"), s.float([1], f32Tensor([3], [1]))]),
    ),
  );
});
