import { onnxDataTypeOf, type OnnxDType } from "./data-types.js";
import { emitInvalid } from "./errors.js";
import type {
  OnnxAttribute,
  OnnxAttributeValue,
  OnnxDim,
  OnnxFunction,
  OnnxGraph,
  OnnxModel,
  OnnxNode,
  OnnxTensor,
  OnnxTensorData,
  OnnxType,
  OnnxValueInfo,
} from "./model.js";
import { NO_ENTRIES, NO_ITEMS } from "./read-context.js";

/** `T` with only `K` required. */
type Given<T, K extends keyof T> = Pick<T, K> & Partial<T>;

/** A model; what is not given is empty. */
export function onnxModel(given: Given<OnnxModel, "graph" | "irVersion" | "opsetImports">): OnnxModel {
  return {
    producerName: "",
    producerVersion: "",
    domain: "",
    modelVersion: 0n,
    docString: "",
    functions: NO_ITEMS,
    metadata: NO_ENTRIES,
    trainingInfo: NO_ITEMS,
    configurations: NO_ITEMS,
    ...given,
  };
}

/** A graph; what is not given is empty. */
export function onnxGraph(given: Given<OnnxGraph, "name">): OnnxGraph {
  return {
    docString: "",
    nodes: NO_ITEMS,
    initializers: NO_ITEMS,
    sparseInitializers: NO_ITEMS,
    inputs: NO_ITEMS,
    outputs: NO_ITEMS,
    valueInfo: NO_ITEMS,
    quantization: NO_ITEMS,
    metadata: NO_ENTRIES,
    ...given,
  };
}

/** A function; what is not given is empty. */
export function onnxFunction(given: Given<OnnxFunction, "name" | "domain" | "opsetImports">): OnnxFunction {
  return {
    overload: "",
    inputs: NO_ITEMS,
    outputs: NO_ITEMS,
    attributes: NO_ITEMS,
    attributeDefaults: NO_ITEMS,
    nodes: NO_ITEMS,
    docString: "",
    valueInfo: NO_ITEMS,
    metadata: NO_ENTRIES,
    ...given,
  };
}

/** A node; what is not given is empty. */
export function onnxNode(given: Given<OnnxNode, "opType" | "inputs" | "outputs">): OnnxNode {
  return {
    name: "",
    domain: "",
    overload: "",
    attributes: NO_ITEMS,
    docString: "",
    metadata: NO_ENTRIES,
    deviceConfigurations: NO_ITEMS,
    ...given,
  };
}

/** A tensor of raw bytes, or of data to be streamed. Throws VX-EMIT-ONNX-INVALID for a dtype that ONNX lacks. */
export function onnxTensor(name: string, dtype: OnnxDType, dims: readonly number[], data: Uint8Array | OnnxTensorData): OnnxTensor {
  const held: OnnxTensorData = data instanceof Uint8Array ? { kind: "bytes", bytes: data } : data;
  return { name, docString: "", dims, dataType: codeOf(dtype), data: held, metadata: NO_ENTRIES };
}

/** A graph input, output or inner value of tensor type; an undefined shape is unknown, a dimension is an extent or a symbol. */
export function onnxValue(name: string, dtype: OnnxDType, shape: readonly (number | string | undefined)[] | undefined): OnnxValueInfo {
  return { name, type: tensorType(dtype, shape), docString: "", metadata: NO_ENTRIES };
}

/** A tensor type. */
export function tensorType(dtype: OnnxDType, shape: readonly (number | string | undefined)[] | undefined): OnnxType {
  const dims: OnnxDim[] | undefined = shape?.map((size) => ({ size, denotation: "" }));
  return { kind: "tensor", elemType: codeOf(dtype), shape: dims, denotation: "" };
}

/** An attribute of any kind. */
export function onnxAttribute(name: string, value: OnnxAttributeValue): OnnxAttribute {
  return { name, docString: "", ...value };
}

/** An int attribute. */
export function intAttribute(name: string, value: number | bigint): OnnxAttribute {
  return onnxAttribute(name, { kind: "int", value: BigInt(value) });
}

/** An ints attribute. */
export function intsAttribute(name: string, values: readonly (number | bigint)[]): OnnxAttribute {
  return onnxAttribute(name, { kind: "ints", value: values.map((value) => BigInt(value)) });
}

/** A float attribute; the value is rounded to float32 when written. */
export function floatAttribute(name: string, value: number): OnnxAttribute {
  return onnxAttribute(name, { kind: "float", value });
}

/** A string attribute of UTF-8 text. */
export function textAttribute(name: string, text: string): OnnxAttribute {
  return onnxAttribute(name, { kind: "string", value: new Uint8Array(Buffer.from(text)) });
}

/** A graph attribute, written from its nodes. */
export function graphAttribute(name: string, graph: OnnxGraph): OnnxAttribute {
  return onnxAttribute(name, { kind: "graph", value: { graph, raw: undefined } });
}

function codeOf(dtype: OnnxDType): number {
  const row = onnxDataTypeOf(dtype);
  if (row === undefined) throw emitInvalid(`ONNX has no data type ${JSON.stringify(dtype)}.`);
  return row.code;
}
