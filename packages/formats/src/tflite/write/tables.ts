import type { Builder, Offset } from "flatbuffers";
import { emitTfliteModel } from "../errors.js";
import type {
  TfliteMetadata,
  TfliteModel,
  TfliteOperator,
  TfliteOperatorCode,
  TfliteQuantization,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensor,
  TfliteTensorMap,
} from "../model.js";
import { reference, writeBytes, writeTable, writeVector } from "./builder.js";
import { operatorCodes, typeCodes } from "./codes.js";
import { writeOptions } from "./options.js";

/** Where a buffer's bytes go: inside the flatbuffer, behind it at a file offset, or nowhere (no bytes). */
export type BufferPlace = { readonly inline: Uint8Array } | { readonly offset: number; readonly byteLength: number } | "empty";

/** Readers older than TensorFlow 2.4 read the operator from an i8 field; 127 sends them to the i32 one. */
const placeholderCode = 127;
const noOffset = 0xffff_ffff;
const schemaVersion = 3;
/** What the schema forces for constant data. */
const dataAlignment = 16;

/** Writes the whole table part of a model and closes the flatbuffer. */
export function writeModel(builder: Builder, model: TfliteModel, places: readonly BufferPlace[]): void {
  const codes = model.operatorCodes.map((code) => writeOperatorCode(builder, code));
  const subgraphs = model.subgraphs.map((subgraph) => writeSubgraph(builder, subgraph));
  const buffers = places.map((place) => writeBuffer(builder, place));
  const metadata = model.metadata.map((entry) => writeMetadata(builder, entry));
  const signatures = model.signatures.map((signature) => writeSignature(builder, signature));
  const description = textOf(builder, model.description);
  const lists = [codes, subgraphs, buffers, metadata, signatures].map((list) => writeVector(builder, "offset", list));
  const root = writeTable(builder, [
    { id: 0, as: "i32", value: schemaVersion },
    ...reference(1, lists[0]),
    ...reference(2, lists[1]),
    ...reference(3, description),
    ...reference(4, lists[2]),
    ...reference(6, metadata.length > 0 ? lists[3] : undefined),
    ...reference(7, signatures.length > 0 ? lists[4] : undefined),
  ]);
  builder.finish(root, "TFL3");
}

function writeOperatorCode(builder: Builder, { op, version, customCode }: TfliteOperatorCode): Offset {
  const code = operatorCodes.get(op);
  if (code === undefined) throw emitTfliteModel(`operator ${op} is not in the schema`);
  const custom = textOf(builder, customCode);
  return writeTable(builder, [
    { id: 0, as: "i8", value: Math.min(code, placeholderCode) },
    ...reference(1, custom),
    { id: 2, as: "i32", value: version, fallback: 1 },
    { id: 3, as: "i32", value: code },
  ]);
}

function writeSubgraph(builder: Builder, subgraph: TfliteSubgraph): Offset {
  const tensors = subgraph.tensors.map((tensor) => writeTensor(builder, tensor));
  const operators = subgraph.operators.map((operator) => writeOperator(builder, operator));
  const name = textOf(builder, subgraph.name);
  const tensorList = writeVector(builder, "offset", tensors);
  const inputs = writeVector(builder, "i32", subgraph.inputs);
  const outputs = writeVector(builder, "i32", subgraph.outputs);
  const operatorList = writeVector(builder, "offset", operators);
  return writeTable(builder, [
    { id: 0, as: "offset", value: tensorList },
    { id: 1, as: "offset", value: inputs },
    { id: 2, as: "offset", value: outputs },
    { id: 3, as: "offset", value: operatorList },
    ...reference(4, name),
  ]);
}

function writeTensor(builder: Builder, tensor: TfliteTensor): Offset {
  const name = builder.createString(tensor.name);
  const shape = writeVector(builder, "i32", tensor.shape);
  const signature = tensor.shapeSignature && writeVector(builder, "i32", tensor.shapeSignature);
  const quantization = tensor.quantization && writeQuantization(builder, tensor.quantization);
  return writeTable(builder, [
    { id: 0, as: "offset", value: shape },
    { id: 1, as: "i8", value: typeCodes[tensor.type] },
    { id: 2, as: "i32", value: tensor.buffer },
    { id: 3, as: "offset", value: name },
    ...reference(4, quantization),
    { id: 5, as: "bool", value: tensor.isVariable },
    ...reference(7, signature),
    { id: 8, as: "bool", value: tensor.hasRank },
  ]);
}

/** Number of BlockwiseQuantization in the QuantizationDetails union. */
const blockwiseDetails = 2;

function writeQuantization(builder: Builder, quantization: TfliteQuantization): Offset {
  const list = (as: "f32" | "i64", values: readonly number[]) => (values.length > 0 ? writeVector(builder, as, values) : undefined);
  const min = list("f32", quantization.min);
  const max = list("f32", quantization.max);
  const scale = list("f32", quantization.scale);
  const zeroPoint = list("i64", quantization.zeroPoint);
  const { blockwise } = quantization;
  const details =
    blockwise &&
    writeTable(builder, [
      { id: 0, as: "i32", value: blockwise.scales },
      { id: 1, as: "i32", value: blockwise.zeroPoints },
      { id: 2, as: "i32", value: blockwise.blockSize },
    ]);
  return writeTable(builder, [
    ...reference(0, min),
    ...reference(1, max),
    ...reference(2, scale),
    ...reference(3, zeroPoint),
    { id: 4, as: "i8", value: details === undefined ? 0 : blockwiseDetails },
    ...reference(5, details),
    { id: 6, as: "i32", value: quantization.quantizedDimension },
  ]);
}

function writeOperator(builder: Builder, operator: TfliteOperator): Offset {
  const inputs = writeVector(builder, "i32", operator.inputs);
  const outputs = writeVector(builder, "i32", operator.outputs);
  const options = operator.options && writeOptions(builder, operator.options);
  const custom = operator.customOptions && writeBytes(builder, operator.customOptions.read(), 1);
  return writeTable(builder, [
    { id: 0, as: "i32", value: operator.opcode },
    { id: 1, as: "offset", value: inputs },
    { id: 2, as: "offset", value: outputs },
    { id: 3, as: "i8", value: options?.code ?? 0 },
    ...reference(4, options?.offset),
    ...reference(5, custom),
  ]);
}

function writeBuffer(builder: Builder, place: BufferPlace): Offset {
  if (place === "empty") return writeTable(builder, []);
  if ("inline" in place) return writeTable(builder, reference(0, writeBytes(builder, place.inline, dataAlignment)));
  return writeTable(builder, [
    { id: 1, as: "u64", value: place.offset },
    { id: 2, as: "u64", value: place.byteLength },
  ]);
}

function writeMetadata(builder: Builder, { name, buffer }: TfliteMetadata): Offset {
  const text = builder.createString(name);
  return writeTable(builder, [
    { id: 0, as: "offset", value: text },
    { id: 1, as: "i32", value: buffer },
  ]);
}

function writeSignature(builder: Builder, signature: TfliteSignature): Offset {
  const inputs = writeTensorMaps(builder, signature.inputs);
  const outputs = writeTensorMaps(builder, signature.outputs);
  const key = builder.createString(signature.key);
  return writeTable(builder, [
    { id: 0, as: "offset", value: inputs },
    { id: 1, as: "offset", value: outputs },
    { id: 2, as: "offset", value: key },
    { id: 4, as: "i32", value: signature.subgraph },
  ]);
}

function writeTensorMaps(builder: Builder, maps: readonly TfliteTensorMap[]): Offset {
  const entries = maps.map(({ name, tensor }) => {
    const text = builder.createString(name);
    return writeTable(builder, [
      { id: 0, as: "offset", value: text },
      { id: 1, as: "i32", value: tensor },
    ]);
  });
  return writeVector(builder, "offset", entries);
}

function textOf(builder: Builder, text: string | undefined): Offset | undefined {
  return text === undefined ? undefined : builder.createString(text);
}

/** A file offset of the width of any other, for the pass that only measures the tables. */
export const placeholderOffset: number = noOffset;
