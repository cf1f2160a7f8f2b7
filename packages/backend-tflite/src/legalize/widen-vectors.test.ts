import { test } from "vitest";
import { expectMeaning } from "../meaning.fixture.js";
import { Sketch } from "../sketch.fixture.js";

test("products by vectors keep their meaning on either side, with weights on integers", async () => {
  const s = new Sketch();
  const [x, v] = [s.input("x", [2, 3, 4], 0.02), s.input("v", [4], 0.02)];
  await expectMeaning(
    s.model(
      s.integers(s.node("MatMul", [x, s.weight([4], "i8")]), 0.02),
      s.node("MatMul", [s.weight([3], "i8"), x]),
      s.node("MatMul", [v, s.weight([4, 5], "i8", 1)]),
      s.node("MatMul", [x, v]),
      s.integers(s.node("MatMul", [v, s.weight([4], "u8")]), 0.02),
    ),
  );
});
