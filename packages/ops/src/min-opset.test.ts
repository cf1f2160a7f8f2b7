import { expect, test } from "vitest";
import { attributesAt, minOpsetOfForm, type NodeForm } from "./min-opset.js";
import { standardOps } from "./registry.js";

const form = (
  op: string,
  inputs: NodeForm["inputs"],
  attrs: NodeForm["attrs"] = {},
  outputs: NodeForm["outputs"] = [inputs[0] ?? null],
): NodeForm => ({
  op,
  attrs,
  inputs,
  outputs,
});

test.each([
  [form("MatMul", ["f32", "f32"]), 1],
  [form("Concat", ["f32", "f32"], { axis: 1 }), 4],
  [form("Concat", ["f32", "f32"], { axis: -1 }), 11],
  [form("MatMul", ["bf16", "bf16"]), 13],
  [form("Add", ["f32", "f32"]), 7],
  [form("Add", ["i8", "i8"]), 14],
  [form("ReduceMean", ["f32", "i64"]), 18],
  [form("ReduceSum", ["f32", "i64"]), 13],
  [form("ReduceMax", ["bool", "i64"], {}, ["bool"]), 20],
  [form("Split", ["f32", "i64"]), 13],
  [form("Split", ["f32"], { num_outputs: 2 }), 18],
  [form("LayerNormalization", ["f32", "f32", "f32"]), 17],
  [form("Gelu", ["f32"]), 20],
  [form("RMSNormalization", ["f32", "f32"]), 23],
  [form("Attention", ["f32", "f32", "f32"]), 23],
  [form("Attention", ["f32", "f32", "f32"], { softcap: 30 }), 24],
  [form("Attention", ["f32", "f32", "f32", null, null, null, "i64"]), 24],
  [form("Pad", ["f32", "i64"], { mode: "reflect" }), 11],
  [form("Pad", ["f32", "i64"], { mode: "wrap" }), 19],
  [form("Pad", ["f32", "i64", null, "i64"]), 18],
  [form("Resize", ["f32", null, "f32"]), 13],
  [form("Resize", ["f32", "f32", "f32"]), 11],
  [form("Resize", ["f32", null, "f32"], { antialias: 1 }), 18],
  [form("Reshape", ["f32", "i64"]), 5],
  [form("Reshape", ["f32", "i64"], { allowzero: 0 }), 5],
  [form("Reshape", ["f32", "i64"], { allowzero: 1 }), 14],
  [form("Reshape", ["i4", "i64"]), 21],
  [form("Identity", ["i2"]), 25],
  [form("Cast", ["f32"], { to: 16 }, ["bf16"]), 13],
  [form("Cast", ["f32"], { to: 17 }, ["f8e4m3"]), 19],
  [form("Pow", ["f32", "f32"]), 7],
  [form("Pow", ["f32", "i64"]), 12],
  [form("ScatterND", ["f32", "i64", "f32"], { reduction: "add" }), 16],
  [form("ScatterND", ["f32", "i64", "f32"], { reduction: "max" }), 18],
  [form("BatchNormalization", ["f32", "f32", "f32", "f32", "f32"], { epsilon: 1e-5 }), 9],
  [form("QuantizeLinear", ["f32", "f32", "i8"], { axis: 0 }, ["i8"]), 13],
  [form("QuantizeLinear", ["f32", "f32", "i4"], { block_size: 32 }, ["i4"]), 21],
  [form("vlm::QuickGelu", ["f32"]), 1],
])("%o needs opset %i", (node, opset) => {
  expect(minOpsetOfForm(node)).toBe(opset);
});

test("no op needs less than the opset in which its form is valid", () => {
  for (const op of standardOps().all.values()) {
    const inputs = op.inputs.map((): "unknown" => "unknown");
    expect([op.name, minOpsetOfForm({ op: op.name, attrs: {}, inputs, outputs: ["unknown"] }) >= op.since]).toEqual([op.name, true]);
  }
});

test("an attribute that an older version lacks is left out when it holds its default", () => {
  expect({ ...attributesAt("Reshape", { allowzero: 0 }, 13) }).toEqual({});
  expect({ ...attributesAt("Reshape", { allowzero: 0 }, 14) }).toEqual({ allowzero: 0 });
  expect({ ...attributesAt("BatchNormalization", { epsilon: 0.001, training_mode: 0 }, 9) }).toEqual({ epsilon: 0.001 });
});
