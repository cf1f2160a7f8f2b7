import { expect, test } from "vitest";
import { built } from "../../artifact.fixture.js";
import { expectMeaning } from "../../meaning.fixture.js";
import { Sketch } from "../../sketch.fixture.js";

test("transposed convolutions mean on the engine what the graph means", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 5, 6], 0.02);
  const up = (kernel: number, attrs: Readonly<Record<string, number | readonly number[]>>, hasBias = true) =>
    s.node("ConvTranspose", [x, s.weight([4, 3, kernel, kernel], "i8", 1), hasBias ? s.float([3]) : null], attrs);
  await expectMeaning(
    s.model(
      s.integers(up(2, { strides: [2, 2] }), 0.02),
      up(4, { strides: [4, 4] }, false),
      up(3, { strides: [2, 2] }),
      up(4, { strides: [2, 2], pads: [1, 1, 1, 1] }),
      up(3, { strides: [2, 2], pads: [0, 0, 1, 1] }),
      up(3, { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] }),
      up(4, { strides: [3, 2], pads: [2, 0, 1, 3] }),
      up(2, { strides: [3, 3], pads: [1, 0, 0, 0], output_padding: [0, 2] }, false),
    ),
  );
});

test("groups are refused by name", async () => {
  const s = new Sketch();
  const y = s.node("ConvTranspose", [s.input("x", [1, 4, 5, 5]), s.weight([4, 3, 3, 3])], { group: 2 });
  await expect(built(s.model(y))).rejects.toThrow("groups, dilations or extents");
});
