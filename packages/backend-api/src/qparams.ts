import { elementCount, type Graph, type QuantSpec, type TensorData, type Value } from "@vlm-export/ir";
import { bf16ToNumber, f16ToNumber, floatsFromBytes, type IntegerType, unpack } from "@vlm-export/numerics";

/** The numbers of a small f32, f16 or bf16 tensor, widened exactly, row-major. */
export function floatValues(data: TensorData): Float32Array {
  const floats = floatsFromBytes(data.bytes(), data.dtype as "f32" | "f16" | "bf16");
  if (floats instanceof Float32Array) return floats;
  return Float32Array.from(floats.bits, floats.dtype === "f16" ? f16ToNumber : bf16ToNumber);
}

/** The numbers of a small integer tensor, row-major. */
export function integerValues(data: TensorData): readonly number[] {
  return Array.from(unpack(data.bytes(), data.dtype as IntegerType, elementCount(data.shape)));
}

/** Scales of a static spec in f32, row-major over the scale tensor; empty for a dynamic one. */
export function scaleValues(spec: QuantSpec): Float32Array {
  return spec.scale ? floatValues(spec.scale) : new Float32Array(0);
}

/** Zero points, one per scale; empty when symmetric. */
export function zeroPointValues(spec: QuantSpec): readonly number[] {
  return spec.zeroPoint ? integerValues(spec.zeroPoint) : [];
}

/** Values of the graph whose integers or scales an artifact must carry: quantized constants and statically quantized activations that are read. */
export function quantizedValues(graph: Graph): readonly Value[] {
  const activations = [...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)].filter((value): value is Value => value !== null);
  const read = (value: Value) => graph.users(value).length > 0 || graph.outputs.includes(value);
  return [...graph.constants, ...activations].filter((value) => value.type.quant?.scale !== undefined && read(value));
}
