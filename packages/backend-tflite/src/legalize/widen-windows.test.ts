import { test } from "vitest";
import { expectMeaning } from "../meaning.fixture.js";
import { Sketch } from "../sketch.fixture.js";

test("windows over one axis keep their meaning, with weights on integers", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 12], 0.02);
  const w = s.weight([6, 4, 3], "i8", 0);
  const conv = s.integers(s.node("Conv", [x, w, s.bias(x, w, 6)], { pads: [1, 1], strides: [2] }), 0.02);
  await expectMeaning(
    s.model(
      conv,
      s.node("Conv", [x, s.weight([8, 1, 3], "i8", 0)], { group: 4, dilations: [2], kernel_shape: [3] }),
      s.node("Conv", [x, s.weight([6, 2, 2], "u8")], { group: 2 }),
      s.integers(s.node("MaxPool", [x], { kernel_shape: [3], strides: [2], pads: [1, 0] }), 0.02),
      s.node("AveragePool", [x], { kernel_shape: [2], strides: [2] }),
    ),
  );
});
