import { type Attrs, f32Tensor, GraphEditor, type Node } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { kernelShares } from "./kernel-shares.js";
import { standardOps } from "./registry.js";

const ops = standardOps();

function conv(input: readonly (number | string)[], kernel: readonly number[], attrs: Attrs): Node {
  const edit = new GraphEditor(ops, "g");
  const x = edit.addInput("x", { dtype: "f32", shape: [1, 1, ...input] });
  const count = kernel.reduce((a, b) => a * b, 1);
  const weight = edit.addConstant("w", f32Tensor(new Float32Array(count), [1, 1, ...kernel]));
  const [y] = edit.insert("Conv", [x, weight], attrs);
  return y?.producer as Node;
}

test("an element counts by the share of positions at which it lies on the input", () => {
  expect([...kernelShares(conv([4], [3], { pads: [1, 1] }))!]).toEqual([3 / 4, 1, 3 / 4]);
  expect([...kernelShares(conv([5], [3], { pads: [2, 0], dilations: [2] }))!]).toEqual([1 / 3, 1, 1]);
  expect([...kernelShares(conv([4], [2], { auto_pad: "SAME_LOWER" }))!]).toEqual([3 / 4, 1]);
  expect([...kernelShares(conv([5], [3], { auto_pad: "SAME_UPPER", strides: [2] }))!]).toEqual([2 / 3, 1, 2 / 3]);
});

test("shares of two axes are multiplied, the last axis innermost", () => {
  const shares = kernelShares(conv([2, 4], [3, 3], { pads: [1, 1, 1, 1] }))!;
  expect([...shares]).toEqual([0.375, 0.5, 0.375, 0.75, 1, 0.75, 0.375, 0.5, 0.375]);
});

test("without extents there are none", () => {
  expect(kernelShares(conv(["n"], [3], { pads: [1, 1] }))).toBeUndefined();
});
