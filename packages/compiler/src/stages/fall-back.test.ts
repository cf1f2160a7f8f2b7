import { f32Tensor, GraphEditor, memoryTensor, type TensorType } from "@vlm-export/ir";
import { createKernels } from "@vlm-export/numerics";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { bareBackend } from "../bare-backend.fixture.js";
import { fallBackToFloat } from "./fall-back.js";

const ops = standardOps();

test("a constant that falls back is a float for the graphs inside operators too", () => {
  const type: TensorType = {
    dtype: "f32",
    shape: [2, 2],
    quant: { storage: "i8", range: [-127, 127], granularity: "tensor", mode: "static", scale: f32Tensor([0.5], [1, 1]) },
  };
  const body = new GraphEditor(ops, "body");
  const seen = body.addCapture("w", { ...type, shape: undefined });
  body.addOutput(body.insert("MatMul", [body.addCapture("x", { dtype: "f32", shape: [2, 2] }), seen])[0]!);
  const edit = new GraphEditor(ops, "main");
  const captures = new Map([
    ["x", edit.addInput("x", { dtype: "f32", shape: [2, 2] })],
    ["w", edit.addConstant("w", memoryTensor("i8", [2, 2], Uint8Array.of(1, 2, 3, 4)), type)],
  ]);
  const branch = { kind: "graph", graph: body.graph } as const;
  const condition = edit.addInput("c", { dtype: "bool", shape: [] });
  edit.addOutput(edit.insert("If", [condition], { then_branch: branch, else_branch: branch }, { captures })[0]!);
  const losses = fallBackToFloat(bareBackend("test", {}), "main", edit.graph, { ops, kernels: createKernels() });
  expect(losses.map(({ value, resolution }) => [value, resolution])).toEqual([["w", "fallback"]]);
  expect(new Float32Array(edit.graph.value("w")!.data!.bytes().slice().buffer)).toEqual(Float32Array.of(0.5, 1, 1.5, 2));
  expect(seen.type).toEqual({ dtype: "f32", shape: undefined });
});
