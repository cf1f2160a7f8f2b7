import type { OnnxGraph, OnnxSubgraph, OnnxValueInfo } from "@vlm-export/formats/onnx";
import { type Graph, GraphEditor, type TensorType, type Value } from "@vlm-export/ir";
import { importCycle, importDuplicateName, importInputDefault, importMissingValue } from "../errors.js";
import { buildNode } from "./build-node.js";
import type { Frame } from "./frame.js";
import { GraphBuilder } from "./graph-builder.js";
import type { ImportContext, NestedGraph } from "./import-context.js";
import { definedNames, orderNodes, readingOf } from "./order-nodes.js";
import { denseOf } from "./sparse.js";
import { tensorDataOf } from "./tensor-data.js";
import { valueTypeOf } from "./value-type.js";

/** The main graph of a model. Throws VX-IMPORT-* and, from shape rules, VX-OP-*. */
export function buildMainGraph(source: OnnxGraph, context: ImportContext, opsets: ReadonlyMap<string, number>): Graph {
  return build(source, context, { opsets, bindings: undefined, calls: [], outer: undefined }).graph;
}

/** The body of a control flow node that stands in `frame`. */
export function buildNestedGraph(source: OnnxSubgraph, context: ImportContext, frame: Frame): NestedGraph {
  const { opsets, bindings, calls } = frame;
  return build(source.graph, context, { opsets, bindings, calls, outer: frame });
}

interface Surroundings extends Pick<Frame, "opsets" | "bindings" | "calls"> {
  readonly outer: Frame | undefined;
}

function build(source: OnnxGraph, context: ImportContext, around: Surroundings): NestedGraph {
  const edit = new GraphEditor(context.ops, source.name);
  const builder = new GraphBuilder(edit, context, { types: declaredTypes(source, context), reserved: definedNames(source) });
  const names = new Map<string, Value>();
  const captures = new Map<string, Value>();
  const frame: Frame = {
    ...around,
    prefix: "",
    find: (name) => names.get(name) ?? capture(name, { builder, names, captures, outer: around.outer }),
    define: (name, value) => void names.set(name, value),
    isRead: readingOf(
      source.nodes,
      source.outputs.map(({ name }) => name),
    ),
    resultName: (name) => name,
  };
  addConstants(source, builder, frame);
  addInputs(source, builder, frame);
  const onCycle = (node: { name: string; opType: string }) => importCycle({ file: context.file, node: node.name || node.opType });
  for (const node of orderNodes(source.nodes, onCycle)) {
    context.signal?.throwIfAborted();
    buildNode(node, builder, frame);
  }
  for (const output of source.outputs) addOutput(output, builder, frame);
  return { graph: edit.graph, captures };
}

/** What is declared of each value: of several declarations of one, the first with a shape. */
function declaredTypes(source: OnnxGraph, { file }: ImportContext): ReadonlyMap<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const { name, type } of [...source.inputs, ...source.outputs, ...source.valueInfo]) {
    const declared = valueTypeOf(type, { file, value: name });
    const known = types.get(name);
    if (!known || (!known.shape && declared.shape)) types.set(name, declared);
  }
  return types;
}

/** Initializers. One that is also a graph input (its default, or any weight of IR version 3) is a constant here. */
function addConstants(source: OnnxGraph, builder: GraphBuilder, frame: Frame): void {
  const { file } = builder.context;
  for (const tensor of source.initializers) frame.define(tensor.name, builder.addConstant(tensor.name, tensorDataOf(tensor, file)));
  for (const sparse of source.sparseInitializers) {
    const { name } = sparse.values;
    frame.define(name, builder.addConstant(name, denseOf(sparse, file)));
  }
}

function addInputs(source: OnnxGraph, builder: GraphBuilder, frame: Frame): void {
  const { context } = builder;
  const seen = new Set<string>();
  const defaults: string[] = [];
  for (const { name } of source.inputs) {
    if (seen.has(name)) throw importDuplicateName({ file: context.file, value: name }, "graph input", name);
    seen.add(name);
    if (frame.find(name)?.data && builder.edit.graph.value(name)) defaults.push(name);
    else frame.define(name, builder.addInput(name));
  }
  if (defaults.length > 0) context.report(importInputDefault(context.file, defaults));
}

function addOutput({ name }: OnnxValueInfo, builder: GraphBuilder, frame: Frame): void {
  const value = frame.find(name);
  if (!value) throw importMissingValue({ file: builder.context.file, value: name }, name);
  builder.addOutput(name, value);
}

interface Capture {
  readonly builder: GraphBuilder;
  readonly names: Map<string, Value>;
  readonly captures: Map<string, Value>;
  readonly outer: Frame | undefined;
}

/** The stand-in for an outer value. Its shape counts as unknown: a branch that never runs may not fit it. */
function capture(name: string, { builder, names, captures, outer }: Capture): Value | undefined {
  const outside = outer?.find(name);
  if (!outside) return undefined;
  const { dtype, foreign } = outside.type;
  const inside = builder.edit.addCapture(builder.freshName(name), { dtype, shape: undefined, ...(foreign && { foreign }) });
  captures.set(inside.name, outside);
  names.set(name, inside);
  return inside;
}
