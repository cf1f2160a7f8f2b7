import type { TfliteModel, TfliteTensorMap } from "@vlm-export/formats/tflite";
import { type Graph, isFloat, type Node, type Value, VxError } from "@vlm-export/ir";
import { lowerUnsupported, lowerValue } from "../errors.js";
import { rowMajor } from "../layout.js";
import type { Carried, Holdings } from "./holdings.js";
import { Lowering } from "./lowering.js";
import { elementsOf } from "./node.js";
import { lowerings } from "./registry.js";

/** The element type at the model's edges: real numbers, or the integers of quantized inputs and outputs themselves. */
export type EdgeType = "float32" | "int8";

/** One component as a TFLite model, and where its quantized values lie in it. */
export interface LoweredGraph {
  readonly model: TfliteModel;
  readonly carried: readonly Carried[];
  /** Where its constants that are not quantized lie. */
  readonly plain: Holdings["plain"];
  /** Operators of the program by name. */
  readonly operators: ReadonlyMap<string, number>;
}

/** Lowers a graph of static shapes. Pure. Throws VX-LOWER-TFLITE-SHAPE and -UNSUPPORTED. */
export function lowerGraph(component: string, graph: Graph, edges: EdgeType): LoweredGraph {
  const lowering = new Lowering(graph);
  const inputs = graph.inputs.map((value) => lowerInput(lowering, value, edges));
  for (const node of graph.nodes) lowerNode(lowering, node);
  const ports = [...inputs];
  for (const value of graph.outputs) ports.push(lowerOutput(lowering, value, edges, ports));
  const outputs = ports.slice(inputs.length);
  return {
    model: lowering.program.model(component, inputs, outputs),
    carried: [...lowering.holdings.carried.values()],
    plain: lowering.holdings.plain,
    operators: lowering.program.operatorCounts(),
  };
}

function lowerInput(lowering: Lowering, value: Value, edges: EdgeType): TfliteTensorMap {
  const form = edges === "int8" && value.type.quant ? "integer" : "float";
  const tensor = lowering.write(value, form, rowMajor(lowering.shape(value).length));
  lowering.flush();
  return { name: value.name, tensor };
}

function lowerNode(lowering: Lowering, node: Node): void {
  if (lowering.done.has(node) || node.outputs.every((value) => !value || isKnown(value))) return;
  const lower = lowerings.get(node.op);
  if (!lower) throw lowerUnsupported(node.name, `${node.op} has no TFLite form here`);
  try {
    lower(lowering, node);
    lowering.flush();
  } catch (error) {
    throw atNode(error, node);
  }
}

/** A refusal of a value's form names the node that needs it. */
function atNode(error: unknown, { name }: Node): unknown {
  if (!(error instanceof VxError)) return error;
  return new VxError(
    error.diagnostics.map((found) => ({ ...found, where: { node: name, ...found.where } })),
    { cause: error, kind: error.kind },
  );
}

/** Shape arithmetic: its results are known numbers, so nobody computes them. */
function isKnown(value: Value): boolean {
  return !isFloat(value.type.dtype) && elementsOf(value) !== undefined;
}

/** An output has a name and a tensor of its own: engines do not fill one that is an input, a constant or another output of `ports`. */
function lowerOutput(lowering: Lowering, value: Value, edges: EdgeType, ports: readonly TfliteTensorMap[]): TfliteTensorMap {
  const { name } = value;
  if (ports.some((port) => port.name === name)) throw lowerValue(name, `output ${JSON.stringify(name)} is an input or another output too`);
  const read = lowering.read(value, edges === "int8" && value.type.quant ? "integer" : "float");
  const isShared = ports.some(({ tensor }) => tensor === read) || lowering.program.isFixed(read);
  return { name, tensor: isShared ? lowering.copy(read) : read };
}
