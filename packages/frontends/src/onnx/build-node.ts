import type { OnnxAttribute, OnnxNode } from "@vlm-export/formats/onnx";
import type { Attrs, AttrValue, Value } from "@vlm-export/ir";
import { importAttribute, importMissingValue, importOpsetMissing } from "../errors.js";
import { attrValueOf, opaque } from "./attributes.js";
import { constantOf } from "./constant.js";
import { calledFunction, expandCall } from "./expand-call.js";
import { checkForm } from "./forms.js";
import type { Frame } from "./frame.js";
import type { GraphBuilder } from "./graph-builder.js";
import { domainOf } from "./import-context.js";
import { NodeEmitter } from "./node-emitter.js";
import { irNameOf, type SourceNode } from "./rule.js";
import { ruleFor } from "./rules.js";

/**
 * Adds what one node of the source stands for: the expansion of a model function, a constant, the nodes of an upgrade rule, or
 * the node itself. Throws VX-IMPORT-*, and VX-OP-* from shape rules.
 */
export function buildNode(node: OnnxNode, builder: GraphBuilder, frame: Frame): void {
  const { context } = builder;
  const name = frame.prefix + (node.name || builder.freshNodeName(node.opType));
  const attributes = boundAttributes(node, frame);
  const called = calledFunction(node, context);
  if (called) return expandCall({ node, name, body: called, attributes }, { builder, frame, buildNode });
  const domain = domainOf(node.domain);
  if (domain === "" && node.opType === "Constant") return addConstant({ ...node, name, attributes }, builder, frame);
  const opset = frame.opsets.get(domain);
  if (opset === undefined) throw importOpsetMissing({ file: context.file, node: name }, node.opType, domain);
  const source = sourceOf({ ...node, name, domain, attributes }, opset, builder, frame);
  checkForm(source, context.file);
  const emitter = new NodeEmitter(source, builder, frame);
  const rule = ruleFor(source);
  const reason = rule?.convert(source, emitter);
  if (rule && reason === undefined) return;
  if (reason !== undefined) context.keepOpaque(name, irNameOf(domain, node.opType), reason);
  emitter.emitAsIs();
}

function sourceOf(node: OnnxNode, opset: number, builder: GraphBuilder, frame: Frame): SourceNode {
  const { name, domain, opType } = node;
  const known = ruleFor({ op: opType, domain, opset }) !== undefined || builder.context.ops.get(irNameOf(domain, opType)) !== undefined;
  const { attrs, captures } = attrsOf(node, known, builder, frame);
  const inputs = node.inputs.map((input) => (input === "" ? null : operand(input, name, builder, frame)));
  return {
    name,
    op: opType,
    domain,
    opset,
    inputs: inputs.slice(0, inputs.findLastIndex((input) => input !== null) + 1),
    outputs: node.outputs.slice(0, node.outputs.findLastIndex((output) => output !== "") + 1).map((output) => output || null),
    attrs,
    captures,
    proto: node,
  };
}

function operand(input: string, node: string, builder: GraphBuilder, frame: Frame): Value {
  const value = frame.find(input);
  if (!value) throw importMissingValue({ file: builder.context.file, node }, input);
  return value;
}

interface ImportedAttrs {
  readonly attrs: Attrs;
  readonly captures: ReadonlyMap<string, Value>;
}

/** Attributes of ops that neither the registry nor a rule knows stay encoded; nested graphs are always imported. */
function attrsOf(node: OnnxNode, known: boolean, builder: GraphBuilder, frame: Frame): ImportedAttrs {
  const attrs: Record<string, AttrValue> = Object.create(null) as Record<string, AttrValue>;
  const captures = new Map<string, Value>();
  const { file } = builder.context;
  const subgraph: Parameters<typeof attrValueOf>[1]["subgraph"] = (source) => {
    const nested = builder.context.buildNested(source, frame);
    for (const [inside, outside] of nested.captures) captures.set(inside, outside);
    return { kind: "graph", graph: nested.graph };
  };
  for (const attribute of node.attributes) {
    const place = { file, node: node.name };
    if (attribute.kind === "graphs")
      throw importAttribute(place, node.opType, attribute.name, "is a list of graphs, which is not supported");
    attrs[attribute.name] = known || attribute.kind === "graph" ? attrValueOf(attribute, { file, subgraph }) : opaque(attribute);
  }
  return { attrs, captures };
}

/** The node's attributes; inside a function, references are replaced by what the call gives, or left out. */
function boundAttributes(node: OnnxNode, frame: Frame): readonly OnnxAttribute[] {
  return node.attributes.flatMap((attribute) => {
    if (attribute.kind !== "reference") return [attribute];
    const bound = frame.bindings?.get(attribute.value);
    return bound ? [{ ...bound, name: attribute.name }] : [];
  });
}

function addConstant(node: OnnxNode, builder: GraphBuilder, frame: Frame): void {
  const output = node.outputs[0] ?? "";
  const data = constantOf(node, builder.context.file);
  if (output !== "") frame.define(output, builder.addConstant(frame.resultName(output), data));
}
