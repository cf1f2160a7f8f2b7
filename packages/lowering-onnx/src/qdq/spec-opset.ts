import type { DType, Graph, QuantSpec, TensorType, Value } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";

/** Opset from which QuantizeLinear and DequantizeLinear know a storage type. */
const SINCE: ReadonlyMap<DType, number> = new Map<DType, number>([
  ["u8", 13],
  ["i8", 13],
  ["i32", 13],
  ["i16", 21],
  ["u16", 21],
  ["i4", 21],
  ["u4", 21],
  ["i2", 25],
  ["u2", 25],
]);

/** Lowest opset that has a Q/DQ form for every quantized value of the graph and of those nested in it; 0 when none is quantized. */
export function quantOpsetOf(graph: Graph): number {
  const outputs = graph.nodes.flatMap((node) => node.outputs.filter((value) => value !== null));
  const values = [...graph.inputs, ...graph.constants, ...outputs];
  const nested = graph.nodes
    .flatMap((node) => Object.values(node.attrs))
    .flatMap((attr) => (isGraph(attr) ? [quantOpsetOf(attr.graph)] : []));
  return Math.max(0, ...nested, ...values.map(valueOpset));
}

function isGraph(attr: unknown): attr is { readonly kind: "graph"; readonly graph: Graph } {
  return typeof attr === "object" && attr !== null && "kind" in attr && attr.kind === "graph";
}

function valueOpset({ type }: Value): number {
  return type.quant ? specOpset(type.quant, type) : 0;
}

function specOpset(spec: QuantSpec, type: TensorType): number {
  if (spec.mode === "dynamic") return 13;
  const storage = SINCE.get(spec.storage) ?? 13;
  const blocked = spec.granularity === "block" && spec.scale !== undefined && elementCount(spec.scale.shape) > 1;
  const half = type.dtype === "f16" || type.dtype === "bf16";
  return Math.max(storage, blocked ? 21 : 0, half ? 19 : 0);
}
