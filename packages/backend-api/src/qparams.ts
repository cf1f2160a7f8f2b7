import { elementCount, type Graph, isRead, outputsOf, type QuantSpec, singles, type TensorData, type Value } from "@vlm-export/ir";
import { blockView, channelView, floatsFromBytes, type IntegerType, type QuantView, tensorView, unpack } from "@vlm-export/numerics";

/** The numbers of an f32, f16 or bf16 tensor, widened exactly, row-major. */
export function floatValues(data: TensorData): Float32Array {
  return floatsFromBytes(singles(data).bytes(), "f32") as Float32Array;
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

/** How kernels see a tensor of `shape` whose scales are laid out as `spec` says. */
export function quantViewOf(shape: readonly number[], { scale, granularity }: QuantSpec): QuantView {
  const scales = scale?.shape ?? [];
  const axis = scales.findIndex((count, i) => count !== (granularity === "block" ? shape[i] : 1));
  if (axis < 0) return granularity === "block" && shape.length > 0 ? blockView(shape, 0, 1) : tensorView(elementCount(shape));
  return granularity === "block"
    ? blockView(shape, axis, Math.ceil((shape[axis] as number) / (scales[axis] as number)))
    : channelView(shape, axis);
}

/** Values of the graph whose integers or scales an artifact must carry: quantized constants and statically quantized activations that are read. */
export function quantizedValues(graph: Graph): readonly Value[] {
  return [...graph.constants, ...graph.inputs, ...graph.nodes.flatMap(outputsOf)].filter(
    (value) => value.type.quant?.scale !== undefined && isRead(graph, value),
  );
}
