import {
  contentHash,
  f32Tensor,
  type Graph,
  GraphEditor,
  memoryTensor,
  type Model,
  modelHash,
  nestedGraphs,
  windowsOf,
} from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import { quantizedValues } from "../qparams.js";
import { privateModel } from "./private-model.js";

const ops = standardOps();

/** One graph with a quantized weight, a widened constant, and a constant inside the body of an operator. */
function sample(): Model {
  const inner = new GraphEditor(ops, "body");
  inner.addOutput(inner.addConstant("inside", f32Tensor([5], [1])));
  const edit = new GraphEditor(ops, "main");
  const weight = edit.addConstant("w", memoryTensor("i8", [2, 2], Uint8Array.of(1, 2, 3, 4)), {
    dtype: "f32",
    shape: [2, 2],
    quant: {
      storage: "i8",
      range: [-127, 127],
      granularity: "tensor",
      mode: "static",
      scale: memoryTensor("f16", [1, 1], Uint8Array.of(0, 60)),
      zeroPoint: memoryTensor("i8", [1, 1], Uint8Array.of(7)),
    },
  });
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 2] });
  edit.addOutput(edit.insert("MatMul", [x, weight], {}, { outputs: ["y"] })[0]!);
  const body = { kind: "graph" as const, graph: inner.graph };
  edit.insert("If", [edit.addConstant("c", memoryTensor("bool", [], Uint8Array.of(1)))], { then_branch: body, else_branch: body });
  return { name: "m", components: new Map([["main", edit.graph]]), links: [], metadata: new Map(), sources: [], opsets: new Map() };
}

const mainOf = (model: Model): Graph => model.components.get("main")!;

test("bytes that a hook has read and writes into are its own, in weights, scales, zero points and nested graphs", () => {
  const model = sample();
  const before = modelHash(model);
  const main = mainOf(privateModel(model));
  const [weight] = quantizedValues(main);
  const { scale, zeroPoint } = weight!.type.quant!;
  const inside = main.nodes.flatMap(nestedGraphs).flatMap(({ constants }) => constants.map(({ data }) => data));
  expect(inside).toHaveLength(2);
  for (const data of [weight!.data, scale, zeroPoint, ...inside]) {
    for (const window of windowsOf(data!)) window.fill(9);
    data!.bytes(0, 1)[0] = 9;
  }
  (weight!.type.shape as number[])[0] = 9;
  expect(mainOf(model).value("w")!.type.shape).toEqual([2, 2]);
  expect(modelHash(model)).toBe(before);
  expect([...mainOf(model).value("w")!.data!.bytes()]).toEqual([1, 2, 3, 4]);
  expect([...mainOf(model).value("w")!.type.quant!.zeroPoint!.bytes()]).toEqual([7]);
  expect([...mainOf(model).value("w")!.type.quant!.scale!.bytes()]).toEqual([0, 60]);
});

test("the clone reads as the model does, in whole and in parts", () => {
  const model = sample();
  const clone = privateModel(model);
  expect(modelHash(clone)).toBe(modelHash(model));
  expect([...mainOf(clone).value("w")!.data!.bytes(1, 3)]).toEqual([2, 3]);
});

test("what values share stays shared, and files stay where they are", () => {
  const model = sample();
  const [first, second] = [privateModel(model), privateModel(model)].map((clone) => mainOf(clone).value("w")!);
  expect(first!.data).toBe(second!.data);
  expect(contentHash(first!.data!)).toBe(contentHash(mainOf(model).value("w")!.data!));
  const filed = { ...f32Tensor([1], [1]), file: { path: "/weights", offset: 0 } };
  const edit = new GraphEditor(ops, "main");
  edit.addConstant("c", filed);
  expect(mainOf(privateModel({ ...model, components: new Map([["main", edit.graph]]) })).value("c")!.data).toBe(filed);
});
