import { f32Tensor, type QuantSpec } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { scaleLayoutOf } from "./scale-layout.js";

const layout = (granularity: QuantSpec["granularity"], shape: readonly number[], scale: readonly number[]) => {
  const quant: QuantSpec = { storage: "i8", range: [-127, 127], mode: "static", granularity };
  const count = scale.reduce((a, b) => a * b, 1);
  return scaleLayoutOf("w", { dtype: "f32", shape, quant }, f32Tensor(new Float32Array(count).fill(1), scale));
};

test("blocks as long as a column of a matrix are channels", () => {
  expect(layout("block", [5, 4], [1, 4])).toEqual({ kind: "channel", dims: [4], axis: 1 });
});

test("scales that are repeated for a stack keep its rank, of one matrix or of rows alone too", () => {
  expect(layout("block", [3, 5, 4], [3, 1, 4])).toEqual({ kind: "block", dims: [3, 1, 4], axis: 1, blockSize: 5 });
  expect(layout("block", [1, 5, 4], [1, 1, 4])).toEqual({ kind: "block", dims: [1, 1, 4], axis: 1, blockSize: 5 });
  expect(layout("block", [3, 1, 4], [3, 1, 4])).toEqual({ kind: "block", dims: [3, 1, 4], axis: 1, blockSize: 1 });
  expect(layout("channel", [1, 5, 4], [1, 1, 4])).toEqual({ kind: "channel", dims: [4], axis: 2 });
});
