import { floatValues, quantViewOf, scaleValues, type Tensors, zeroPointValues } from "@vlm-export/backend-api";
import {
  f32Tensor,
  memoryTensor,
  type Model,
  type Node,
  onlyComponent,
  type OpRegistry,
  type QuantSpec,
  type TensorData,
  type Value,
} from "@vlm-export/ir";
import { createKernels, type IntegerType, type Kernels, type QParams } from "@vlm-export/numerics";

/** What a graph is run on. */
export interface ReferenceRun {
  readonly inputs: Tensors;
  /** Names of values that the artifact keeps in float. */
  readonly lost: ReadonlySet<string>;
}

/**
 * The outputs of a model of one component as its types define them: each node computes the real function of its dequantized inputs, and its
 * output is rounded to its own type. Those are missing that an operator without evaluation makes.
 */
export function referenceOutputs(ops: OpRegistry, model: Model, { inputs, lost }: ReferenceRun): Tensors {
  const graph = onlyComponent(model);
  const kernels = createKernels();
  const real = new Map<Value, TensorData>();
  const set = (value: Value | null, data: TensorData | undefined): void => {
    if (value && data) real.set(value, lost.has(value.name) ? data : rounded(kernels, value, data));
  };
  for (const value of graph.constants) if (value.data) real.set(value, dequantized(kernels, value.data, value.type.quant));
  for (const value of graph.inputs) set(value, inputs.get(value.name));
  for (const node of graph.nodes) {
    const results = evaluated(ops, node, real);
    node.outputs.forEach((value, i) => set(value, results[i]));
  }
  return new Map(graph.outputs.flatMap((value) => (real.has(value) ? [[value.name, real.get(value) as TensorData]] : [])));
}

function evaluated(ops: OpRegistry, { op, inputs, outputs, attrs }: Node, real: ReadonlyMap<Value, TensorData>): readonly TensorData[] {
  const operands = inputs.map((value) => (value ? real.get(value) : null));
  const known = operands.filter((data) => data !== undefined);
  return known.length === operands.length ? (ops.get(op)?.evaluate?.(known, attrs, outputs.length) ?? []) : [];
}

function dequantized(kernels: Kernels, data: TensorData, quant: QuantSpec | undefined): TensorData {
  return quant?.scale ? f32Tensor(kernels.dequantize(data.bytes(), qparamsOf(data, quant)), data.shape) : data;
}

function rounded(kernels: Kernels, { type: { quant } }: Value, data: TensorData): TensorData {
  if (!quant?.scale) return data;
  const { bytes } = kernels.quantize(floatValues(data), qparamsOf(data, quant));
  return dequantized(kernels, memoryTensor(quant.storage, data.shape, bytes), quant);
}

function qparamsOf({ shape }: TensorData, quant: QuantSpec): QParams {
  const zeroPoint = zeroPointValues(quant);
  return {
    view: quantViewOf(shape, quant),
    storage: quant.storage as IntegerType,
    range: quant.range,
    scale: scaleValues(quant),
    ...(zeroPoint.length > 0 && { zeroPoint: Int32Array.from(zeroPoint) }),
  };
}
