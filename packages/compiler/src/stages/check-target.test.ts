import type { Backend } from "@vlm-export/backend-api";
import { f32Tensor, type Graph, GraphEditor, memoryTensor, type QuantSpec } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { checkComponent } from "./check-target.js";

const quant: QuantSpec = {
  storage: "i8",
  granularity: "tensor",
  range: [-128, 127],
  mode: "static",
  scale: f32Tensor(Float32Array.of(0.5), [1]),
};

/** A Mul of an input and a constant, which is integers or not. */
function product(isQuantized: boolean): Graph {
  const edit = new GraphEditor(standardOps(), "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [2] });
  const w = isQuantized
    ? edit.addConstant("w", memoryTensor("i8", [2], Uint8Array.of(1, 2)), { dtype: "f32", shape: [2], quant })
    : edit.addConstant("w", f32Tensor(Float32Array.of(1, 2), [2]));
  edit.addOutput(edit.insert("Mul", [x, w], {}, { name: "scale" })[0]!);
  return edit.graph;
}

/** A target that takes no operator. */
const nothing = { name: "nothing", capabilities: { rules: [] } } as unknown as Backend;

test("what a target rejects in integers may be kept in float", () => {
  const { rejections } = checkComponent(nothing, "main", product(true));
  expect(rejections).toMatchObject([{ code: "VX-CHECK-REJECTED", hint: expect.stringContaining("set onLoss: fallback") }]);
});

test("what a target rejects in float is not told to become float", () => {
  const [rejection] = checkComponent(nothing, "main", product(false)).rejections;
  expect(rejection).toMatchObject({ code: "VX-CHECK-REJECTED", hint: expect.stringContaining("float already") });
  expect(rejection!.hint).not.toContain("onLoss");
});
