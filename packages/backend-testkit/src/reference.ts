import { floatValues, quantViewOf, scaleValues, type Tensors, zeroPointValues } from "@vlm-export/backend-api";
import {
  f32Tensor,
  type Graph,
  isSubgraph,
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
  const run = new Reference(ops, lost);
  for (const value of graph.inputs) run.set(value, inputs.get(value.name));
  run.compute(graph);
  return new Map(graph.outputs.flatMap((value) => (run.real.has(value) ? [[value.name, run.real.get(value) as TensorData]] : [])));
}

/** What the values of a graph, and of those inside its operators, are as real numbers. */
class Reference {
  readonly real = new Map<Value, TensorData>();
  private readonly ops: OpRegistry;
  private readonly lost: ReadonlySet<string>;
  private readonly kernels = createKernels();

  constructor(ops: OpRegistry, lost: ReadonlySet<string>) {
    this.ops = ops;
    this.lost = lost;
  }

  set(value: Value | null, data: TensorData | undefined): void {
    if (value && data) this.real.set(value, this.lost.has(value.name) ? data : rounded(this.kernels, value, data));
  }

  compute(graph: Graph): void {
    for (const value of graph.constants) if (value.data) this.real.set(value, dequantized(this.kernels, value.data, value.type.quant));
    for (const node of graph.nodes) {
      const results = node.op === "If" ? this.chosen(node) : this.evaluated(node);
      node.outputs.forEach((value, i) => this.set(value, results[i]));
    }
  }

  private evaluated({ op, inputs, outputs, attrs }: Node): readonly (TensorData | undefined)[] {
    const operands = inputs.map((value) => (value ? this.real.get(value) : null));
    const known = operands.filter((data) => data !== undefined);
    return known.length === operands.length ? (this.ops.get(op)?.evaluate?.(known, attrs, outputs.length) ?? []) : [];
  }

  /** Results of the branch that the condition takes. What it captures is rounded where it is defined. */
  private chosen({ inputs: [condition], attrs, captures }: Node): readonly (TensorData | undefined)[] {
    const choice = condition && this.real.get(condition);
    const branch = choice && attrs[choice.bytes()[0] === 0 ? "else_branch" : "then_branch"];
    if (!branch || !isSubgraph(branch)) return [];
    for (const capture of branch.graph.captures) {
      const outside = captures.get(capture.name);
      const data = outside && this.real.get(outside);
      if (data) this.real.set(capture, data);
    }
    this.compute(branch.graph);
    return branch.graph.outputs.map((value) => this.real.get(value));
  }
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
