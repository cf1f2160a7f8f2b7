import type { ByteRange } from "../files/index.js";

/** A ModelProto. Lists keep the order of the file; absent text is "". */
export interface OnnxModel {
  readonly irVersion: number;
  readonly opsetImports: readonly OnnxOpsetImport[];
  readonly producerName: string;
  readonly producerVersion: string;
  readonly domain: string;
  readonly modelVersion: bigint;
  readonly docString: string;
  readonly graph: OnnxGraph;
  readonly functions: readonly OnnxFunction[];
  readonly metadata: ReadonlyMap<string, string>;
  /** TrainingInfoProto messages, passed through unread. */
  readonly trainingInfo: readonly ByteRange[];
  /** DeviceConfigurationProto messages, passed through unread. */
  readonly configurations: readonly ByteRange[];
}

/** Which version of which operator set the model is written in; the domain "" is ai.onnx. */
export interface OnnxOpsetImport {
  readonly domain: string;
  readonly version: number;
}

/** A GraphProto. */
export interface OnnxGraph {
  readonly name: string;
  readonly docString: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly sparseInitializers: readonly OnnxSparseTensor[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly valueInfo: readonly OnnxValueInfo[];
  readonly quantization: readonly OnnxTensorAnnotation[];
  readonly metadata: ReadonlyMap<string, string>;
}

/** A NodeProto. An omitted optional input or output is "". */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: readonly OnnxAttribute[];
  readonly docString: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** NodeDeviceConfigurationProto messages, passed through unread. */
  readonly deviceConfigurations: readonly ByteRange[];
}

/** The kinds of value that an attribute can have. */
export type OnnxAttributeValue =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: bigint }
  /** Bytes, because ONNX does not promise text; {@link attributeText} decodes. */
  | { readonly kind: "string"; readonly value: Uint8Array }
  | { readonly kind: "tensor"; readonly value: OnnxTensor }
  | { readonly kind: "graph"; readonly value: OnnxSubgraph }
  | { readonly kind: "sparse-tensor"; readonly value: OnnxSparseTensor }
  | { readonly kind: "type"; readonly value: OnnxType }
  | { readonly kind: "floats"; readonly value: readonly number[] }
  | { readonly kind: "ints"; readonly value: readonly bigint[] }
  | { readonly kind: "strings"; readonly value: readonly Uint8Array[] }
  | { readonly kind: "tensors"; readonly value: readonly OnnxTensor[] }
  | { readonly kind: "graphs"; readonly value: readonly OnnxSubgraph[] }
  | { readonly kind: "sparse-tensors"; readonly value: readonly OnnxSparseTensor[] }
  | { readonly kind: "types"; readonly value: readonly OnnxType[] }
  /** In a function: the value is that of the function's attribute of this name; `type` is AttributeProto.AttributeType. */
  | { readonly kind: "reference"; readonly value: string; readonly type: number };

/** An AttributeProto. */
export type OnnxAttribute = OnnxAttributeValue & { readonly name: string; readonly docString: string };

/** A graph inside an attribute, with the bytes that it was read from, so that it can be passed on byte for byte. */
export interface OnnxSubgraph {
  readonly graph: OnnxGraph;
  /** The GraphProto as it stands in the file. A changed graph has none. */
  readonly raw: ByteRange | undefined;
}

/** A TensorProto: a shape, an element type, and data that is read when asked for. */
export interface OnnxTensor {
  readonly name: string;
  readonly docString: string;
  readonly dims: readonly number[];
  /** TensorProto.DataType; see {@link onnxDataType}. */
  readonly dataType: number;
  readonly data: OnnxTensorData;
  readonly metadata: ReadonlyMap<string, string>;
}

/**
 * Where the elements are. Bytes are always raw: little-endian, row-major, types below 8 bits packed from the low bits
 * up. {@link openTensor} opens all kinds but "stream" and "strings", and checks the size.
 */
export type OnnxTensorData =
  /** In memory. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** In the model file; `open` reads nothing. */
  | { readonly kind: "inline"; open(): ByteRange }
  /** In the model file as varints; `open` decodes them once. */
  | { readonly kind: "typed"; open(): ByteRange }
  /** In another file. `open` checks the path and the size of the file, and reads nothing. */
  | OnnxExternalData
  /** To be written: exactly `byteLength` bytes, in chunks of any size. Called once for each file that is written. */
  | { readonly kind: "stream"; readonly byteLength: number; chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array> }
  /** Elements of a tensor of strings, UTF-8 by convention. */
  | { readonly kind: "strings"; strings(): readonly Uint8Array[] };

/** Elements in a file beside the model, as `external_data` says. */
export interface OnnxExternalData {
  readonly kind: "external";
  /** As the model has it: not a safe path. */
  readonly location: string;
  readonly offset: number;
  /** Undefined where the model leaves it to shape and type. */
  readonly length: number | undefined;
  readonly checksum: string | undefined;
  open(): ByteRange;
}

/** A SparseTensorProto. */
export interface OnnxSparseTensor {
  readonly values: OnnxTensor;
  readonly indices: OnnxTensor;
  readonly dims: readonly number[];
}

/** A ValueInfoProto. */
export interface OnnxValueInfo {
  readonly name: string;
  readonly type: OnnxType | undefined;
  readonly docString: string;
  readonly metadata: ReadonlyMap<string, string>;
}

/** A TypeProto; `elemType` and `keyType` are TensorProto.DataType. */
export type OnnxType = { readonly denotation: string } & (
  | { readonly kind: "tensor" | "sparse-tensor"; readonly elemType: number; readonly shape: readonly OnnxDim[] | undefined }
  | { readonly kind: "sequence" | "optional"; readonly element: OnnxType | undefined }
  | { readonly kind: "map"; readonly keyType: number; readonly value: OnnxType | undefined }
  | { readonly kind: "opaque"; readonly domain: string; readonly name: string }
  | { readonly kind: "none" }
);

/** A dimension: an extent, a symbol, or unknown. Extents are as the file has them, so -1 occurs. */
export interface OnnxDim {
  readonly size: number | string | undefined;
  readonly denotation: string;
}

/** A TensorAnnotation: names of the tensors that hold the qparams of a tensor, by key such as "SCALE_TENSOR". */
export interface OnnxTensorAnnotation {
  readonly tensorName: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A FunctionProto. */
export interface OnnxFunction {
  readonly name: string;
  readonly domain: string;
  readonly overload: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that a call must give. */
  readonly attributes: readonly string[];
  /** Attributes that a call may leave out, with their defaults. */
  readonly attributeDefaults: readonly OnnxAttribute[];
  readonly nodes: readonly OnnxNode[];
  readonly docString: string;
  readonly opsetImports: readonly OnnxOpsetImport[];
  readonly valueInfo: readonly OnnxValueInfo[];
  readonly metadata: ReadonlyMap<string, string>;
}
