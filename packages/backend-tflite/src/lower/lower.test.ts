import { f32Tensor } from "@vlm-export/ir";
import { expect, test } from "vitest";
import { built } from "../artifact.fixture.js";
import { expectMeaning } from "../meaning.fixture.js";
import { Sketch } from "../sketch.fixture.js";

test("transposes around elementwise functions and reshapes cost nothing", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 6, 6], 0.02);
  const w = s.weight([4, 4, 1, 1], "i8", 0);
  const first = s.integers(s.node("Conv", [x, w, s.bias(x, w, 4)]), 0.02);
  const relu = s.integers(s.node("Relu", [s.node("Transpose", [first], { perm: [0, 2, 3, 1] })]), 0.02);
  const back = s.node("Transpose", [relu], { perm: [0, 3, 1, 2] });
  s.edit.retype(back, { ...back.type, quant: relu.type.quant! });
  const second = s.integers(s.node("Conv", [back, w, s.bias(back, w, 4)]), 0.02);
  const { target } = await built(s.model(second));
  const { operatorCodes, subgraphs } = target[0]!.model;
  const names = subgraphs[0]!.operators.map(({ opcode }) => operatorCodes[opcode]!.op);
  expect(names.filter((name) => name === "TRANSPOSE")).toHaveLength(2); // NCHW at the edges
});

test("a clamp that the integers before it cannot leave costs nothing, and keeps its meaning", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4, 6, 6], 0.02);
  const w = s.weight([4, 4, 1, 1], "i8", 0);
  const sum = s.integers(s.node("Conv", [x, w, s.bias(x, w, 4)]), 0.02, -128);
  const y = s.node("Relu", [sum]);
  s.edit.retype(y, { ...y.type, quant: sum.type.quant! });
  const other = s.integers(s.node("Clip", [sum, s.float([], f32Tensor([-1], []))]), 0.03);
  const model = s.model(y, other);
  const { target } = await built(model);
  expect(target[0]!.model.operatorCodes.map(({ op }) => op)).toEqual(["QUANTIZE", "TRANSPOSE", "CONV_2D", "DEQUANTIZE"]);
  await expectMeaning(model);
});

test("a constant that broadcasts to several operators is reshaped once", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 3, 4]);
  const half = s.float([], f32Tensor([0.5], []));
  const model = s.model(s.node("Mul", [s.node("Add", [x, half]), half]));
  const { target } = await built(model);
  expect(target[0]!.model.operatorCodes.map(({ op }) => op)).toEqual(["RESHAPE", "ADD", "MUL"]);
  expect(target[0]!.model.subgraphs[0]!.operators).toHaveLength(3);
  await expectMeaning(model);
});

test("int8 edges are the graph's own integers", async () => {
  const s = new Sketch();
  const x = s.input("x", [1, 4], 0.02);
  const { target } = await built(s.model(s.integers(s.node("Relu", [x]), 0.02)), { io: "int8" });
  const { subgraphs, signatures } = target[0]!.model;
  expect([...signatures[0]!.inputs, ...signatures[0]!.outputs].map(({ tensor }) => subgraphs[0]!.tensors[tensor]!.type)).toEqual([
    "INT8",
    "INT8",
  ]);
});
