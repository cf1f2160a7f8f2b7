import { test } from "vitest";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

test("norms over axes are computed on real numbers, in the layout that they find", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 3, 4], 0.02);
  const turned = s.node("Transpose", [s.input("y", [4, 3, 2])], { perm: [2, 1, 0] });
  const outputs = ["ReduceL1", "ReduceL2", "ReduceSumSquare"].flatMap((op) => [
    s.integers(s.node(op, [x, s.indices(-1)]), 0.02),
    s.node(op, [turned, s.indices(0, 2)], { keepdims: 0 }),
    s.node(op, [x]),
  ]);
  await expectMeaning(s.model(...outputs, s.node("ReduceProd", [turned, s.indices(1)])));
});

test("channels of samples are normalized, in the layout that they are found in", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 3, 4, 5], 0.02);
  const turned = s.node("Transpose", [s.input("y", [2, 7, 3])], { perm: [0, 2, 1] });
  const outputs = [x, turned].map((value) => s.node("InstanceNormalization", [value, s.float([3]), s.float([3])]));
  await expectMeaning(s.model(s.integers(outputs[0]!, 0.02), outputs[1]!));
});
