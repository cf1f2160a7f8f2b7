import { TextDecoder } from "node:util";
import { attributeInvalid } from "./errors.js";
import type { OnnxAttribute, OnnxNode } from "./model.js";

/** The attribute of this name, if the node has it. */
export function findAttribute(node: OnnxNode, name: string): OnnxAttribute | undefined {
  return node.attributes.find((attribute) => attribute.name === name);
}

/** The text of a string attribute. Throws VX-IMPORT-ONNX-ATTRIBUTE if it is of another kind or not UTF-8. */
export function attributeText(attribute: OnnxAttribute): string {
  if (attribute.kind !== "string")
    throw attributeInvalid({ path: undefined, offset: 0 }, attribute.name, `is of type ${attribute.kind}; expected string`);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(attribute.value);
  } catch {
    throw attributeInvalid({ path: undefined, offset: 0 }, attribute.name, "is not valid UTF-8");
  }
}
