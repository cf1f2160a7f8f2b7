import { type OnnxAttribute, type OnnxNode, type OnnxTensor, onnxNode } from "@vlm-export/formats/onnx";
import type { TensorData } from "@vlm-export/ir";
import type { Names } from "./names.js";
import { onnxTensorOf } from "./tensors.js";

/** Collects nodes and initializers of one ONNX graph. */
export class GraphWriter {
  readonly names: Names;
  /** Opset of the default domain that is written. */
  readonly opset: number;
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];

  constructor(names: Names, opset: number) {
    this.names = names;
    this.opset = opset;
  }

  /** Adds a node whose name starts from `base`; returns the name of its first output. */
  node(
    opType: string,
    inputs: readonly string[],
    outputs: readonly string[],
    given: { base?: string; attributes?: readonly OnnxAttribute[] } = {},
  ): string {
    const { base = `${outputs[0] ?? ""}/${opType}`, attributes = [] } = given;
    this.nodes.push(onnxNode({ opType, name: this.names.node(base), inputs, outputs, attributes }));
    return outputs[0] as string;
  }

  /** Adds an initializer under exactly this name, which the graph has reserved. */
  addNamed(name: string, data: TensorData): void {
    this.initializers.push(onnxTensorOf(name, data));
  }

  /** Adds an initializer under a free name made from `base`; returns the name. */
  initializer(base: string, data: TensorData, dims?: readonly number[]): string {
    const name = this.names.value(base);
    this.initializers.push(onnxTensorOf(name, data, dims));
    return name;
  }
}
