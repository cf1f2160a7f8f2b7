import {
  definedValues,
  type DType,
  elementCount,
  type Graph,
  nestedGraphs,
  type QuantSpec,
  type TensorType,
  type Value,
} from "@vlm-export/ir";

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
  const nested = graph.nodes.flatMap(nestedGraphs);
  return Math.max(0, ...nested.map(quantOpsetOf), ...definedValues(graph).map(valueOpset));
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
