import type { OnnxAttribute, OnnxSubgraph } from "@vlm-export/formats/onnx";
import type { AttrValue, SubgraphAttr } from "@vlm-export/ir";
import { encodeAttribute } from "@vlm-export/formats/onnx";
import { tensorDataOf } from "./tensor-data.js";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What the import of an attribute needs from around it. */
export interface AttributeContext {
  readonly file: string;
  /** Imports a nested graph. */
  subgraph(graph: OnnxSubgraph): SubgraphAttr;
}

/** The IR form of an attribute; kinds and values that the IR has no form for stay encoded. */
export function attrValueOf(attribute: OnnxAttribute, context: AttributeContext): AttrValue {
  switch (attribute.kind) {
    case "float":
      return attribute.value;
    case "int":
      return narrow(attribute.value);
    case "string":
      return textOf(attribute.value) ?? opaque(attribute);
    case "floats":
      return attribute.value;
    case "ints":
      return attribute.value.every(isSafe) ? attribute.value.map(Number) : opaque(attribute);
    case "strings":
      return textsOf(attribute.value) ?? opaque(attribute);
    case "tensor":
      return tensorDataOf(attribute.value, context.file);
    case "graph":
      return context.subgraph(attribute.value);
    default:
      return opaque(attribute);
  }
}

function narrow(value: bigint): number | bigint {
  return isSafe(value) ? Number(value) : value;
}

function textsOf(strings: readonly Uint8Array[]): readonly string[] | undefined {
  const texts = strings.map(textOf);
  return texts.every((text) => text !== undefined) ? texts : undefined;
}

/** The attribute kept as it is. */
export function opaque(attribute: OnnxAttribute): AttrValue {
  return { kind: "opaque", bytes: encodeAttribute(attribute) };
}

/** An integer that a JS number holds exactly. */
function isSafe(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

/** The bytes as text, or undefined when they are not UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
