import type { Dim, TensorType } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { standardOps } from "./registry.js";

const ops = standardOps();
const t = (...shape: Dim[]): TensorType => ({ dtype: "f32", shape });

test("weight axes: where output channels lie and along which the sum runs", () => {
  const axes = (op: string, index: number, inputs: readonly TensorType[], attrs = {}) => ops.get(op)?.weightAxes?.(index, inputs, attrs);
  expect(axes("Conv", 1, [t(1, 3, 8, 8), t(4, 3, 3, 3)])).toEqual({ channel: 0, reduce: 1 });
  expect(axes("Conv", 0, [t(1, 3, 8, 8), t(4, 3, 3, 3)])).toBeUndefined();
  expect(axes("ConvTranspose", 1, [t(1, 3, 8, 8), t(3, 4, 3, 3)])).toEqual({ channel: 1, reduce: 0 });
  expect(axes("Gemm", 1, [t(2, 3), t(3, 4)])).toEqual({ channel: 1, reduce: 0 });
  expect(axes("Gemm", 1, [t(2, 3), t(4, 3)], { transB: 1 })).toEqual({ channel: 0, reduce: 1 });
  expect(axes("MatMul", 1, [t(2, 5, 3), t(2, 3, 4)])).toEqual({ channel: 2, reduce: 1 });
  expect(axes("MatMul", 1, [t(2, 3), t(3)])).toBeUndefined();
  expect(axes("Gather", 0, [t(100, 64), t(5)])).toEqual({ channel: 0, reduce: 1 });
  expect(axes("Gather", 0, [t(100, 64), t(5)], { axis: 1 })).toBeUndefined();
  expect(axes("Einsum", 1, [t(2, 3, 4), t(4, 5)], { equation: "bij,jk->bik" })).toEqual({ channel: 1, reduce: 0 });
});

test("multiply-accumulates; undefined when an extent is not known", () => {
  const macs = (op: string, inputs: readonly TensorType[], attrs = {}) => ops.get(op)?.macs?.(inputs, attrs);
  expect(macs("MatMul", [t(2, 5, 3), t(3, 4)])).toBe(2 * 5 * 4 * 3);
  expect(macs("MatMul", [t("batch", 5, 3), t(3, 4)])).toBeUndefined();
  expect(macs("Gemm", [t(3, 2), t(3, 4)], { transA: 1 })).toBe(2 * 3 * 4);
  expect(macs("Conv", [t(1, 4, 8, 8), t(6, 2, 3, 3)], { group: 2, pads: [1, 1, 1, 1] })).toBe(6 * 64 * 2 * 9);
  expect(macs("ConvTranspose", [t(1, 4, 8, 8), t(4, 3, 2, 2)], { strides: [2, 2] })).toBe(4 * 64 * 3 * 4);
  expect(macs("Einsum", [t(2, 3), t(3, 4)], { equation: "ij,jk->ik" })).toBe(24);
  expect(macs("Attention", [t(1, 4, 10, 64), t(1, 2, 20, 64), t(1, 2, 20, 32)])).toBe(4 * 10 * 20 * 96);
});

test("shape-moving ops pass qparams through, arithmetic has its own, indices and shapes have none", () => {
  const quant = (op: string) => ops.get(op)?.quant;
  for (const op of ["Reshape", "Transpose", "Concat", "Split", "Slice", "Gather", "MaxPool", "Pad", "Resize", "DepthToSpace"])
    expect([op, quant(op)]).toEqual([op, "passthrough"]);
  for (const op of ["MatMul", "Gemm", "Conv", "Add", "Mul", "Softmax", "Gelu", "LayerNormalization", "Relu", "AveragePool"])
    expect([op, quant(op)]).toEqual([op, "compute"]);
  for (const op of ["Shape", "Cast", "Equal", "ArgMax", "NonZero", "Range"]) expect([op, quant(op)]).toEqual([op, "float"]);
});

test("operands: constant weights, biases and activations", () => {
  const parts = (op: string) => ops.get(op)?.inputs.map((input) => input.quantizable);
  expect(parts("Conv")).toEqual(["activation", "weight", "bias"]);
  expect(parts("Gemm")).toEqual(["activation", "weight", "bias"]);
  expect(parts("MatMul")).toEqual(["activation", "weight"]);
  expect(parts("Gather")).toEqual(["weight", undefined]);
  expect(parts("LayerNormalization")).toEqual(["activation", undefined, undefined]);
  expect(parts("Where")).toEqual([undefined, "activation", "activation"]);
});
