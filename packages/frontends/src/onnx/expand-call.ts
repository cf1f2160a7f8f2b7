import type { OnnxAttribute, OnnxFunction, OnnxNode } from "@vlm-export/formats/onnx";
import type { Value } from "@vlm-export/ir";
import { importCycle, importFunctionCall, importFunctionCycle, importMissingValue } from "../errors.js";
import type { Frame } from "./frame.js";
import type { GraphBuilder } from "./graph-builder.js";
import { domainOf, functionKey, type ImportContext } from "./import-context.js";
import { orderNodes, readingOf } from "./order-nodes.js";

/** A node that calls a model function. */
export interface Call {
  readonly node: OnnxNode;
  readonly name: string;
  readonly body: OnnxFunction;
  readonly attributes: readonly OnnxAttribute[];
}

/** Where a call stands, and how nodes are built there. */
export interface CallSite {
  readonly builder: GraphBuilder;
  readonly frame: Frame;
  readonly buildNode: (node: OnnxNode, builder: GraphBuilder, frame: Frame) => void;
}

/** The model function that a node calls, if it calls one. */
export function calledFunction(node: OnnxNode, context: ImportContext): OnnxFunction | undefined {
  return context.functions.get(functionKey(node.domain, node.opType, node.overload));
}

/** Adds the nodes of a model function in place of its call. Throws VX-IMPORT-FUNCTION-CYCLE, VX-IMPORT-FUNCTION-CALL. */
export function expandCall(call: Call, { builder, frame, buildNode }: CallSite): void {
  const { body, node, name } = call;
  const place = { file: builder.context.file, node: name };
  const key = functionKey(body.domain, body.name, body.overload);
  if (frame.calls.includes(key))
    throw importFunctionCycle(
      place,
      [...frame.calls, key].map((one) => String(JSON.parse(one)[1])),
    );
  if (node.inputs.length > body.inputs.length || node.outputs.length > body.outputs.length)
    throw importFunctionCall(
      place,
      body.name,
      `${node.inputs.length} inputs and ${node.outputs.length} outputs for a function of ${body.inputs.length} and ${body.outputs.length}`,
    );
  const inner = callFrame(call, builder, frame);
  const onCycle = (one: OnnxNode) => importCycle({ ...place, node: `${name}/${one.name || one.opType}` });
  for (const one of orderNodes(givenNodes(call), onCycle)) buildNode(one, builder, inner);
  for (const [i, output] of node.outputs.entries()) {
    if (output === "") continue;
    const value = inner.find(body.outputs[i] as string);
    if (!value) throw importMissingValue(place, body.outputs[i] as string);
    frame.define(output, value);
  }
}

/** The function's nodes, without the operands that the call leaves out: a parameter may be handed on as an optional input. */
function givenNodes({ node, body }: Call): readonly OnnxNode[] {
  const omitted = new Set(body.inputs.filter((_, i) => (node.inputs[i] ?? "") === ""));
  if (omitted.size === 0) return body.nodes;
  return body.nodes.map((one) => ({ ...one, inputs: one.inputs.map((input) => (omitted.has(input) ? "" : input)) }));
}

/** Names of the function stand for the call's operands; results get the call's names, all else a name below the call's. */
function callFrame({ node, name, body, attributes }: Call, builder: GraphBuilder, frame: Frame): Frame {
  const place = { file: builder.context.file, node: name };
  const names = new Map<string, Value>();
  for (const [i, input] of node.inputs.entries()) {
    if (input === "") continue;
    const value = frame.find(input);
    if (!value) throw importMissingValue(place, input);
    names.set(body.inputs[i] as string, value);
  }
  const results = new Map(body.outputs.map((output, i) => [output, node.outputs[i] ?? ""]));
  return {
    find: (inner) => names.get(inner),
    define: (inner, value) => void names.set(inner, value),
    isRead: readingOf(body.nodes, body.outputs),
    resultName: (inner) => (results.get(inner) ? frame.resultName(results.get(inner) as string) : builder.freshName(`${name}/${inner}`)),
    prefix: `${name}/`,
    opsets: new Map(body.opsetImports.map(({ domain, version }) => [domainOf(domain), version])),
    bindings: bindingsOf(body, attributes),
    calls: [...frame.calls, functionKey(body.domain, body.name, body.overload)],
  };
}

function bindingsOf(body: OnnxFunction, attributes: readonly OnnxAttribute[]): ReadonlyMap<string, OnnxAttribute> {
  const declared = new Set([...body.attributes, ...body.attributeDefaults.map(({ name }) => name)]);
  const given = attributes.filter(({ name }) => declared.has(name));
  return new Map([...body.attributeDefaults, ...given].map((attribute) => [attribute.name, attribute]));
}
