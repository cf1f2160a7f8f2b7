import {
  decodeAttribute,
  floatAttribute,
  intAttribute,
  intsAttribute,
  type OnnxAttribute,
  type OnnxGraph,
  onnxAttribute,
  graphAttribute,
  textAttribute,
} from "@vlm-export/formats/onnx";
import type { AttrValue, Graph, Node, TensorData } from "@vlm-export/ir";
import { type AttributeKind, attributesAt, IR_OPSET, operatorAt } from "@vlm-export/ops";
import { lowerAttribute } from "./errors.js";
import { onnxTensorOf } from "./tensors.js";

/** How the attributes of a node are written. */
export interface AttributeSite {
  /** Opset of the default domain; attributes that it lacks are left out where they hold their default. */
  readonly opset: number;
  lowerGraph(graph: Graph): OnnxGraph;
}

/** The node's attributes in ONNX form, by the kinds of the operator's schema. */
export function attributesOf(node: Node, { opset, lowerGraph }: AttributeSite): readonly OnnxAttribute[] {
  const schema = operatorAt(node.op, IR_OPSET)?.attributes;
  return Object.entries(attributesAt(node.op, node.attrs, opset)).map(([name, value]) => {
    if (typeof value === "object" && "kind" in value)
      return value.kind === "graph" ? graphAttribute(name, lowerGraph(value.graph)) : decodeAttribute(value.bytes);
    const attribute = attributeOf(name, value, schema?.get(name)?.kind);
    if (!attribute) throw lowerAttribute(node.name, node.op, name);
    return attribute;
  });
}

/** Without a kind from a schema, only values that can mean one kind are taken. */
function attributeOf(name: string, value: AttrValue, kind: AttributeKind | undefined): OnnxAttribute | undefined {
  if (typeof value === "string") return textAttribute(name, value);
  if (typeof value === "bigint") return intAttribute(name, value);
  if (typeof value === "boolean") return intAttribute(name, value ? 1 : 0);
  if (typeof value === "number")
    return kind === "float" ? floatAttribute(name, value) : kind === "int" ? intAttribute(name, value) : undefined;
  return Array.isArray(value)
    ? listAttribute(name, value, kind)
    : onnxAttribute(name, { kind: "tensor", value: onnxTensorOf("", value as TensorData) });
}

function listAttribute(name: string, values: readonly (number | string)[], kind: AttributeKind | undefined): OnnxAttribute | undefined {
  if (kind === "strings") return onnxAttribute(name, { kind, value: values.map((text) => new TextEncoder().encode(String(text))) });
  if (kind === "floats") return onnxAttribute(name, { kind, value: values.map(Number) });
  return kind === "ints" ? intsAttribute(name, values.map(Number)) : undefined;
}
