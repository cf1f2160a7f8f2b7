import { type ByteRange, windowsOf } from "../files/index.js";
import { requireDataType } from "./data-types.js";
import { encodeMessage, entriesField, longField, textField } from "./encode-small.js";
import { emitInvalid, emitPayloadSize } from "./errors.js";
import type { OnnxSparseTensor, OnnxTensor } from "./model.js";
import { concatenated, fieldParts, type Parts, type Payload, partsOf, payloadParts } from "./parts.js";
import { elementBytes, elementCount, openTensor } from "./tensor-size.js";

/** Where a tensor lies in the external data file. */
interface ExternalPlace {
  readonly location: string;
  readonly offset: number;
}

/** Decides for a tensor with this payload where outside the model file it goes; undefined keeps it inside. */
export type PlaceTensor = (tensor: OnnxTensor, payload: Payload) => ExternalPlace | undefined;

/** Keeps tensors inside the model file. */
export const placeInline: PlaceTensor = () => undefined;

/**
 * A TensorProto; its elements are raw data here or external data, whatever they were. Throws VX-EMIT-ONNX-PAYLOAD for
 * elements of the wrong size, and what {@link openTensor} throws.
 */
export function tensorParts(tensor: OnnxTensor, place: PlaceTensor): Parts {
  const payload = tensor.data.kind === "strings" ? undefined : payloadOf(tensor);
  const external = payload === undefined || payload.byteLength === 0 ? undefined : place(tensor, payload);
  const header = encodeMessage("TensorProto", {
    dims: tensor.dims.map(longField),
    dataType: tensor.dataType,
    name: textField(tensor.name),
    docString: textField(tensor.docString),
    stringData: stringsOf(tensor),
    externalData: external && payload && externalEntries(external, payload.byteLength),
    dataLocation: external && 1,
    metadataProps: entriesField(tensor.metadata),
  });
  if (payload === undefined || payload.byteLength === 0 || external !== undefined) return partsOf(header);
  return concatenated([partsOf(header), fieldParts(9, payloadParts(payload))]);
}

/** A SparseTensorProto with its parts inline. */
export function sparseTensorParts(sparse: OnnxSparseTensor): Parts {
  return concatenated([
    fieldParts(1, tensorParts(sparse.values, placeInline)),
    fieldParts(2, tensorParts(sparse.indices, placeInline)),
    partsOf(encodeMessage("SparseTensorProto", { dims: sparse.dims.map(longField) })),
  ]);
}

/** The bytes of a range as a payload. */
export function rangePayload(tensor: string, range: ByteRange): Payload {
  return { tensor, byteLength: range.byteLength, chunks: () => windowsOf(range) };
}

function payloadOf(tensor: OnnxTensor): Payload {
  if (tensor.data.kind !== "stream") return rangePayload(tensor.name, openTensor(tensor));
  const expected = elementBytes(tensor);
  if (tensor.data.byteLength !== expected) throw emitPayloadSize(tensor.name, expected, tensor.data.byteLength);
  const { byteLength, chunks } = tensor.data;
  return { tensor: tensor.name, byteLength, chunks };
}

function stringsOf(tensor: OnnxTensor): readonly Uint8Array[] | undefined {
  const isString = requireDataType(tensor.dataType, tensor.name, undefined).dtype === "string";
  if (tensor.data.kind !== "strings") {
    if (isString) throw emitInvalid(`Tensor ${JSON.stringify(tensor.name)} is of type STRING but its data is ${tensor.data.kind}.`);
    return undefined;
  }
  const strings = tensor.data.strings();
  if (!isString || strings.length !== elementCount(tensor)) {
    throw emitInvalid(`Tensor ${JSON.stringify(tensor.name)} holds ${strings.length} strings, which do not go with its type and shape.`);
  }
  return strings;
}

function externalEntries({ location, offset }: ExternalPlace, byteLength: number): object[] {
  return [
    { key: "location", value: location },
    { key: "offset", value: String(offset) },
    { key: "length", value: String(byteLength) },
  ];
}
