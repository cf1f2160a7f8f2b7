import type { OpDef, OpRegistry, TensorType } from "@vlm-export/ir";

/** Just enough of an op for planning: output typed like input 0, or as `shape` says. */
function op(
  name: string,
  parts: readonly ("weight" | "activation" | "bias")[],
  more: Partial<OpDef> & { shape?: (inputs: readonly (TensorType | null)[]) => TensorType["shape"] } = {},
): OpDef {
  const { shape = (inputs) => inputs[0]?.shape, ...rest } = more;
  return {
    name,
    doc: "",
    since: 1,
    quant: "compute",
    inputs: parts.map((quantizable, i) => ({ name: `x${i}`, quantizable, ...(name === "Concat" && { variadic: true }) })),
    infer: (inputs) => [{ dtype: inputs[0]?.dtype ?? "f32", shape: shape(inputs) }],
    ...rest,
  };
}

const matrix: OpDef["weightAxes"] = (index) => (index === 1 ? { channel: 1, reduce: 0 } : undefined);
const product = (inputs: readonly (TensorType | null)[]): TensorType["shape"] => [
  ...(inputs[0]?.shape ?? []).slice(0, -1),
  inputs[1]?.shape?.at(-1) ?? 1,
];
const DEFS = [
  op("MatMul", ["activation", "weight"], { weightAxes: matrix, shape: product, macs: () => 1 }),
  op("Einsum", ["weight", "weight"], { weightAxes: matrix, shape: product, macs: () => 1 }),
  op("Gemm", ["activation", "weight", "bias"], { weightAxes: matrix, shape: product }),
  op("Gather", ["weight"], { quant: "passthrough", weightAxes: () => ({ channel: 0, reduce: 1 }) }),
  op("Add", ["activation", "activation"]),
  op("Mul", ["activation", "activation"]),
  op("Relu", ["activation"]),
  op("Log", ["activation"]),
  op("Cos", ["activation"]),
  op("Sin", ["activation"]),
  op("Softmax", ["activation"], { fixedRange: [0, 1] }),
  op("LayerNormalization", ["activation"]),
  op("RMSNormalization", ["activation"]),
  op("Reshape", ["activation"], { quant: "passthrough" }),
  op("MaxPool", ["activation"], { quant: "passthrough" }),
  op("Concat", ["activation"], { quant: "passthrough" }),
  op("ArgMax", [], { quant: "float" }),
  op("Cast", [], { quant: "float", infer: ([x], { attrs }) => [{ dtype: attrs["to"] === 7 ? "i64" : "f32", shape: x?.shape }] }),
  op("QuantizeLinear", [], { quant: "float", infer: ([x]) => [{ dtype: "u8", shape: x?.shape }] }),
  op("DequantizeLinear", [], { quant: "float", infer: ([x]) => [{ dtype: "f32", shape: x?.shape }] }),
  op("DynamicQuantizeLinear", [], {
    quant: "float",
    infer: ([x]) => [
      { dtype: "u8", shape: x?.shape },
      { dtype: "f32", shape: [] },
      { dtype: "u8", shape: [] },
    ],
  }),
  op("MatMulInteger", [], { quant: "float", infer: ([x]) => [{ dtype: "i32", shape: x?.shape }] }),
];
const all = new Map(DEFS.map((def) => [def.name, def]));
/** Ops with what planning asks of them, and no more. */
export const ops: OpRegistry = { get: (name) => all.get(name), all };
