import { f32Tensor, i64Tensor, type QuantSpec } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../artifact.fixture.js";
import { Sketch, spec } from "../sketch.fixture.js";

test("a value of unknown extents is named", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 4]);
  const lowered = built(s.model(s.node("vlm::NoSuchOp", [x])));
  await expect(lowered).rejects.toMatchObject({ diagnostic: { code: "VX-LOWER-TFLITE-UNSUPPORTED" } });
  const t = new Sketch();
  const y = t.edit.addInput("y", { dtype: "f32", shape: undefined });
  await expect(built(t.model(t.node("Relu", [y])))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-SHAPE", where: { value: "y" } },
  });
});

test("values quantized at run time or of 16 bits are refused by name", async () => {
  const specs: readonly [QuantSpec, string][] = [
    [{ storage: "u8", range: [0, 255], granularity: "tensor", mode: "dynamic" }, "quantized at run time"],
    [spec({ storage: "i16", range: [-32768, 32767], rank: 2, scales: [1] }), "i16 integers have no TFLite form"],
  ];
  for (const [quant, message] of specs) {
    const s = new Sketch();
    const y = s.node("Relu", [s.input("x", [2, 4])]);
    s.edit.retype(y, { ...y.type, quant });
    await expect(built(s.model(y))).rejects.toMatchObject({
      diagnostic: {
        code: "VX-LOWER-TFLITE-VALUE",
        message: expect.stringContaining(message),
        where: { value: y.name, node: y.producer!.name },
      },
    });
  }
});

test("an operator without a TFLite form is refused by name", async () => {
  const s = new Sketch();
  const x = s.input("x", [2, 4]);
  await expect(built(s.model(s.node("Erf", [x])))).rejects.toMatchObject({
    diagnostic: { code: "VX-LOWER-TFLITE-UNSUPPORTED", message: "Erf has no TFLite form here." },
  });
});

test.each([
  ["Max", [0, 0, 0], {}, "Max of 3 operands, expected 2"],
  [
    "Resize",
    [0, null, "scales"],
    { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    "scales that do not give whole extents",
  ],
  ["Resize", [0, null, "whole"], { mode: "cubic" }, "Resize cubic with half_pixel"],
  [
    "Resize",
    [0, null, "thirds"],
    { mode: "linear", coordinate_transformation_mode: "pytorch_half_pixel" },
    "Resize with pytorch_half_pixel to an extent of 1",
  ],
  ["Clip", [0, null, 0], {}, "Clip with operand 2 quantized or computed at run time"],
  ["Pad", [0, "pads", 0], {}, "Pad with operand 2 quantized or computed at run time"],
  ["AveragePool", [0], { kernel_shape: [2, 2], pads: [1, 0, 0, 0] }, "AveragePool with this padding"],
  ["MaxPool", [0], { kernel_shape: [2, 2], pads: [-1, 0, 0, 0] }, "MaxPool with pads below 0"],
  ["AveragePool", [0], { kernel_shape: [1, 1], pads: [1, 0, -1, 0], count_include_pad: 1 }, "AveragePool with pads below 0"],
  ["ConvTranspose", [0, "kernel"], { pads: [-1, 0, 0, 0] }, "ConvTranspose with pads below 0"],
  ["Conv", [0, "kernel"], { pads: [0, -1, 0, 0] }, "Conv with pads below 0"],
  ["Pad", [0, "pads"], { mode: "reflect" }, "Pad with mode reflect"],
] as const)("%s with %j %j is refused: %s", async (op, operands, attrs, message) => {
  const s = new Sketch();
  const x = s.input("x", [1, 2, 3, 3]);
  const constants = new Map([
    ["scales", f32Tensor([1, 1, 1.5, 1.5], [4])],
    ["whole", f32Tensor([1, 1, 2, 2], [4])],
    ["thirds", f32Tensor([1, 1, 1 / 3, 1], [4])],
    ["kernel", f32Tensor([1, 1, 1, 1], [2, 2, 1, 1])],
    ["pads", i64Tensor([0, 0, 1, 1, 0, 0, 1, 1])],
  ]);
  const inputs = operands.map((operand) =>
    operand === 0 ? x : operand === null ? null : s.edit.addConstant(operand, constants.get(operand)!),
  );
  await expect(built(s.model(s.node(op, inputs, attrs)))).rejects.toThrow(message);
});
