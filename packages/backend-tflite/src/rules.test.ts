import { checkGraph } from "@vlm-export/backend-api";
import { f32Tensor, GraphEditor, memoryTensor } from "@vlm-export/ir";
import { standardOps } from "@vlm-export/ops";
import { expect, test } from "vitest";
import backend from "./index.js";
import { lowerings } from "./lower/registry.js";

const { rules } = backend.capabilities;
const namesOf = (op: string | readonly string[]) => (typeof op === "string" ? [op] : op);

test("rules accept exactly the ops that are lowered", () => {
  const accepted = new Set(rules.filter(({ verdict }) => verdict === "native" || verdict === "fallback").flatMap(({ op }) => namesOf(op)));
  expect([...accepted].sort()).toEqual([...lowerings.keys()].sort());
});

test("every op of the registry gets a verdict with a reason and a source", () => {
  const ops = standardOps();
  for (const op of ops.all.keys()) {
    const edit = new GraphEditor({ all: new Map(), get: () => undefined }, "main");
    const x = edit.addInput("x", { dtype: "f32", shape: [1, 2, 4, 4] });
    edit.insert(op, [x, x]);
    const [verdict] = checkGraph("main", edit.graph, rules);
    if (lowerings.has(op)) expect(verdict!.verdict, op).not.toBe("reject");
    expect(verdict!.reason.length * verdict!.source.length, op).toBeGreaterThan(0);
  }
});

test.each([
  ["i16 activations", { storage: "i16", granularity: "tensor", scales: [1, 1] }, "tflite/wide-activations"],
  ["2-bit weights", { storage: "i2", granularity: "channel", scales: [1, 4] }, "tflite/narrow-weights"],
] as const)("%s are rejected by a rule that says why", (_, { storage, granularity, scales }, id) => {
  const edit = new GraphEditor(standardOps(), "main");
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const scale = f32Tensor(new Float32Array(scales[0] * scales[1]).fill(1), scales);
  const quant = { storage, granularity, range: [-1, 1], mode: "static", scale } as const;
  const bytes = new Uint8Array(storage === "i16" ? 32 : 4);
  const weight = edit.addConstant("w", memoryTensor(storage, [4, 4], bytes), { dtype: "f32", shape: [4, 4], quant });
  const [y] = edit.insert("MatMul", [x, weight]);
  if (storage === "i16") edit.retype(y!, { ...y!.type, quant });
  expect(checkGraph("main", edit.graph, rules)[0]).toMatchObject({ verdict: "reject", rule: id });
});

test("a product of two 16-bit activations is rejected for its activations, not for weights", () => {
  const edit = new GraphEditor(standardOps(), "main");
  const quant = { storage: "i16", granularity: "tensor", range: [-32768, 32767], mode: "static" } as const;
  const [x, second] = ["x", "second"].map((name) => edit.addInput(name, { dtype: "f32", shape: [4, 4], quant }));
  edit.insert("MatMul", [x!, second!]);
  const [verdict] = checkGraph("main", edit.graph, rules);
  expect(verdict).toMatchObject({ verdict: "reject", reason: expect.stringContaining("16-bit activations are not lowered") });
});

test.each(["i16", "u16"] as const)("a graph input of %s is rejected where an operator reads it", (storage) => {
  const edit = new GraphEditor(standardOps(), "main");
  const wide = { storage, granularity: "tensor", range: [0, 32767], mode: "static" } as const;
  const x = edit.addInput("x", { dtype: "f32", shape: [4, 4], quant: wide });
  const quant = {
    storage: "i8",
    granularity: "channel",
    range: [-127, 127],
    mode: "static",
    scale: f32Tensor([1, 1, 1, 1], [1, 4]),
  } as const;
  const weight = edit.addConstant("w", memoryTensor("i8", [4, 4], new Uint8Array(16)), { dtype: "f32", shape: [4, 4], quant });
  for (const op of ["MatMul", "Gemm", "Relu"]) edit.insert(op, op === "Relu" ? [x] : [x, weight]);
  const verdicts = checkGraph("main", edit.graph, rules).map(({ verdict, rule }) => [verdict, rule]);
  expect(verdicts).toEqual(verdicts.map(() => ["reject", "tflite/wide-first-operand"]));
});

test("activations quantized at run time are rejected in whatever operator reads or gives them", () => {
  const edit = new GraphEditor(standardOps(), "main");
  const quant = { storage: "u8", granularity: "tensor", range: [0, 255], mode: "dynamic" } as const;
  const x = edit.addInput("x", { dtype: "f32", shape: [2, 4] });
  const second = edit.addInput("y", { dtype: "f32", shape: [4, 4], quant });
  edit.insert("MatMul", [x, second]);
  const [result] = edit.insert("Sigmoid", [x]);
  edit.retype(result!, { ...result!.type, quant });
  edit.insert("Relu", [x]);
  expect(checkGraph("main", edit.graph, rules).map(({ rule }) => rule === "tflite/dynamic-activations")).toEqual([true, true, false]);
});
