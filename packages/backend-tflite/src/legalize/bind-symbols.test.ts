import type { Dim } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../artifact.fixture.js";
import { Sketch } from "../sketch.fixture.js";

function inputsOf(shapes: Readonly<Record<string, readonly Dim[]>>): Sketch {
  const s = new Sketch();
  for (const [name, shape] of Object.entries(shapes)) s.edit.addInput(name, { dtype: "f32", shape });
  return s;
}

const outputsOf = (s: Sketch) => s.edit.graph.inputs.map((input) => s.node("Relu", [input]));

test("a symbol that is a first extent only becomes 1, and the report says so", async () => {
  const s = inputsOf({ x: ["batch", 4], y: ["batch", 2, 3] });
  const { target, diagnostics } = await built(s.model(...outputsOf(s)));
  expect(target[0]!.model.subgraphs[0]!.tensors.slice(0, 2).map(({ shape }) => shape)).toEqual([
    [1, 4],
    [1, 2, 3],
  ]);
  expect(diagnostics).toContainEqual(
    expect.objectContaining({ code: "VX-LOWER-TFLITE-STATIC", message: expect.stringContaining("batch = 1") }),
  );
});

test("height and width are refused with their input and the lines to write", async () => {
  const s = inputsOf({ "pixel values": ["batch", 3, "height", "width"], scale: ["batch"] });
  const refused = built(s.model(...outputsOf(s)));
  await expect(refused).rejects.toMatchObject({
    diagnostics: [
      {
        code: "VX-LOWER-TFLITE-SYMBOL",
        message: expect.stringContaining('input "pixel values" of shape [batch, 3, height, width] leaves height, width open.'),
        hint: expect.stringContaining('model:\n  shapes:\n    "height": …\n    "width": …'),
        where: { value: "pixel values" },
      },
    ],
  });
});

test("an extent without a name is stated with its input's whole shape", async () => {
  const s = inputsOf({ x: ["n", 3, "?0"] });
  await expect(built(s.model(...outputsOf(s)))).rejects.toMatchObject({
    diagnostics: [{ hint: expect.stringContaining('shapes:\n    "x": […, 3, …]') }],
  });
});

test("a first extent that is another input's inner one is refused too", async () => {
  const s = inputsOf({ x: ["batch", "n"], positions: ["n", 2] });
  await expect(built(s.model(...outputsOf(s)))).rejects.toMatchObject({
    diagnostics: [{ where: { value: "x" } }, { where: { value: "positions" } }],
  });
});
