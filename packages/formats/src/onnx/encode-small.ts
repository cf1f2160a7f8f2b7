import { emitInvalid } from "./errors.js";
import { messageType } from "./message-types.js";
import type { OnnxDim, OnnxFunction, OnnxModel, OnnxOpsetImport, OnnxTensorAnnotation, OnnxType, OnnxValueInfo } from "./model.js";

/** A message of the schema by its field names; undefined fields are left out. */
export function encodeMessage(name: string, fields: object): Uint8Array {
  const type = messageType(name);
  if (type === undefined) throw emitInvalid(`ONNX has no message ${name}.`);
  return type.encode(fields).finish();
}

/** Text as a field: absent if empty, as the ONNX tools write it. */
export function textField(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** A 64-bit integer as protobufjs takes it. */
export function longField(value: bigint | number): { low: number; high: number; unsigned: boolean } {
  const bits = BigInt.asUintN(64, BigInt(value));
  return { low: Number(bits & 0xffffffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: false };
}

/** StringStringEntryProto messages in the order of the map. */
export function entriesField(entries: ReadonlyMap<string, string>): object[] {
  return [...entries].map(([key, value]) => ({ key, value }));
}

export function valueInfoField(info: OnnxValueInfo): object {
  return {
    name: info.name,
    type: info.type && typeField(info.type),
    docString: textField(info.docString),
    metadataProps: entriesField(info.metadata),
  };
}

export function typeField(type: OnnxType): object {
  return { ...typeValueField(type), denotation: textField(type.denotation) };
}

export function annotationField(annotation: OnnxTensorAnnotation): object {
  return { tensorName: annotation.tensorName, quantParameterTensorNames: entriesField(annotation.parameters) };
}

/** The fields of a ModelProto around its graph and functions. */
export function modelHeader(model: OnnxModel): Uint8Array {
  return encodeMessage("ModelProto", {
    irVersion: longField(model.irVersion),
    producerName: textField(model.producerName),
    producerVersion: textField(model.producerVersion),
    domain: textField(model.domain),
    modelVersion: model.modelVersion === 0n ? undefined : longField(model.modelVersion),
    docString: textField(model.docString),
    opsetImport: model.opsetImports.map(opsetField),
    metadataProps: entriesField(model.metadata),
  });
}

/** The fields of a FunctionProto around its nodes and attribute defaults. */
export function functionHeader(body: OnnxFunction): Uint8Array {
  return encodeMessage("FunctionProto", {
    name: body.name,
    input: body.inputs,
    output: body.outputs,
    attribute: body.attributes,
    docString: textField(body.docString),
    opsetImport: body.opsetImports.map(opsetField),
    domain: textField(body.domain),
    overload: textField(body.overload),
    valueInfo: body.valueInfo.map(valueInfoField),
    metadataProps: entriesField(body.metadata),
  });
}

/** The domain is written even when it is "", as the ONNX tools do. */
function opsetField({ domain, version }: OnnxOpsetImport): object {
  return { domain, version: longField(version) };
}

function typeValueField(type: OnnxType): object {
  switch (type.kind) {
    case "tensor":
      return { tensorType: { elemType: type.elemType, shape: type.shape && shapeField(type.shape) } };
    case "sparse-tensor":
      return { sparseTensorType: { elemType: type.elemType, shape: type.shape && shapeField(type.shape) } };
    case "sequence":
      return { sequenceType: { elemType: type.element && typeField(type.element) } };
    case "optional":
      return { optionalType: { elemType: type.element && typeField(type.element) } };
    case "map":
      return { mapType: { keyType: type.keyType, valueType: type.value && typeField(type.value) } };
    case "opaque":
      return { opaqueType: { domain: textField(type.domain), name: textField(type.name) } };
    default:
      return {};
  }
}

function shapeField(shape: readonly OnnxDim[]): object {
  return {
    dim: shape.map(({ size, denotation }) => ({
      dimValue: typeof size === "number" ? longField(size) : undefined,
      dimParam: typeof size === "string" ? size : undefined,
      denotation: textField(denotation),
    })),
  };
}
