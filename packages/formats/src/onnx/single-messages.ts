import { memoryRange } from "../files/index.js";
import { attributeParts } from "./encode-graph.js";
import { encodeMessage, typeField } from "./encode-small.js";
import { placeInline } from "./encode-tensor.js";
import { emitInvalid, externalWithoutFolder } from "./errors.js";
import { DEFAULT_ONNX_LIMITS } from "./limits.js";
import type { OnnxAttribute, OnnxType } from "./model.js";
import { readAttribute } from "./read-attribute.js";
import type { ReadContext } from "./read-context.js";
import { readGraph } from "./read-graph.js";
import { readType } from "./read-type.js";
import { WireReader } from "./wire-reader.js";

/** An AttributeProto on its own; its tensors are inline. Throws VX-EMIT-ONNX-INVALID for a tensor that is streamed asynchronously. */
export function encodeAttribute(attribute: OnnxAttribute): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const part of attributeParts(attribute, placeInline).list) {
    if (part instanceof Uint8Array) pieces.push(part);
    else {
      const chunks = part.chunks();
      if (!(Symbol.iterator in chunks)) throw emitInvalid(`Tensor ${JSON.stringify(part.tensor)} cannot be encoded at once.`);
      pieces.push(...chunks);
    }
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** The attribute that {@link encodeAttribute} gave these bytes for. Throws VX-IMPORT-ONNX-* for other bytes. */
export function decodeAttribute(bytes: Uint8Array): OnnxAttribute {
  return readAttribute(contextOf(bytes));
}

/** A TypeProto on its own. */
export function encodeType(type: OnnxType): Uint8Array {
  return encodeMessage("TypeProto", typeField(type));
}

/** The type that {@link encodeType} gave these bytes for. Throws VX-IMPORT-ONNX-* for other bytes. */
export function decodeType(bytes: Uint8Array): OnnxType {
  return readType(contextOf(bytes).reader);
}

function contextOf(bytes: Uint8Array): ReadContext {
  const external = (location: string): never => {
    throw externalWithoutFolder(location);
  };
  return { reader: new WireReader(memoryRange(bytes), DEFAULT_ONNX_LIMITS), external, readGraph, nodes: 0 };
}
