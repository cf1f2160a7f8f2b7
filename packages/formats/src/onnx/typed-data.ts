import type { ByteRange } from "../files/index.js";
import { allocate } from "../files/byte-range.js";
import { type OnnxDataField, requireDataType } from "./data-types.js";
import { limitExceeded, tensorSize } from "./errors.js";
import type { OnnxLimits } from "./limits.js";
import { readMessage } from "./read-context.js";
import { elementBytes, elementCount, type SizedTensor } from "./tensor-size.js";
import { WireReader } from "./wire-reader.js";

/** Numbers of the TensorProto fields that hold elements. */
const FIELD_NUMBERS: Readonly<Record<OnnxDataField, number>> = {
  float_data: 4,
  int32_data: 5,
  string_data: 6,
  int64_data: 7,
  double_data: 10,
  uint64_data: 11,
};
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const MAX_STRINGS = 8_000_000;

/**
 * The elements of a typed field as raw little-endian bytes. An entry of `int32_data` holds one element, or two of 4
 * bits, or four of 2 bits (onnx.proto, TensorProto.int32_data); only its low bits count. `message` is the TensorProto.
 * Entries are counted before memory is taken. Throws VX-IMPORT-ONNX-TENSOR-SIZE, -DATA-TYPE.
 */
export function decodeTyped(message: ByteRange, limits: OnnxLimits, tensor: SizedTensor & { readonly field: OnnxDataField }): Uint8Array {
  const path = message.origin?.path;
  const { bits, dtype, onnxName } = requireDataType(tensor.dataType, tensor.name, path);
  const entryBits = bits < 8 && bits !== 6 ? 8 : bits;
  const isComplex = dtype === "c64" || dtype === "c128";
  const expected = isComplex ? elementCount(tensor, path) * 2 : Math.ceil((elementCount(tensor, path) * bits) / entryBits);
  let actual = 0;
  eachEntry(message, limits, tensor.field, () => (actual += 1));
  if (actual !== expected) {
    throw tensorSize(path, tensor.name, `${onnxName}[${tensor.dims.join(", ")}]`, { expected, actual, unit: `entries of ${tensor.field}` });
  }
  const bytes = allocate(path, elementBytes(tensor, path));
  const put = entryWriter(bytes, isComplex ? entryBits / 2 : entryBits);
  eachEntry(message, limits, tensor.field, put);
  return bytes;
}

/** The elements of `string_data`. Throws VX-IMPORT-ONNX-TENSOR-SIZE, -LIMIT. */
export function decodeStrings(message: ByteRange, limits: OnnxLimits, tensor: SizedTensor): readonly Uint8Array[] {
  const strings: Uint8Array[] = [];
  const reader = new WireReader(message, { ...limits, elements: UNLIMITED });
  readMessage(reader, (field) => {
    if (field !== FIELD_NUMBERS.string_data) return;
    if (strings.length === MAX_STRINGS) throw limitExceeded(reader.place, "strings in a tensor", MAX_STRINGS);
    strings.push(reader.bytes());
  });
  const expected = elementCount(tensor, message.origin?.path);
  if (strings.length !== expected) {
    throw tensorSize(message.origin?.path, tensor.name, `STRING[${tensor.dims.join(", ")}]`, {
      expected,
      actual: strings.length,
      unit: "strings",
    });
  }
  return strings;
}

function eachEntry(message: ByteRange, limits: OnnxLimits, field: OnnxDataField, visit: (low: number, high: number) => void): void {
  const reader = new WireReader(message, { ...limits, elements: UNLIMITED });
  const number = FIELD_NUMBERS[field];
  readMessage(reader, (found) => {
    if (found !== number) return;
    if (field === "float_data") reader.fixeds(32, visit);
    else if (field === "double_data") reader.fixeds(64, visit);
    else reader.varints(visit);
  });
}

/** Writes the low `bits` of each entry one after the other, from the low bits of a byte up. */
function entryWriter(bytes: Uint8Array, bits: number): (low: number, high: number) => void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  if (bits === 6) return sixBitWriter(bytes);
  return (low, high) => {
    if (bits === 8) bytes[at] = low;
    else if (bits === 16) view.setUint16(at, low & 0xffff, true);
    else view.setUint32(at, low, true);
    if (bits === 64) view.setUint32(at + 4, high, true);
    at += bits / 8;
  };
}

function sixBitWriter(bytes: Uint8Array): (low: number) => void {
  bytes.fill(0);
  let bit = 0;
  return (low) => {
    const shifted = (low & 63) << (bit % 8);
    const at = Math.floor(bit / 8);
    bytes[at] = (bytes[at] ?? 0) | shifted;
    if (at + 1 < bytes.length) bytes[at + 1] = shifted >>> 8;
    bit += 6;
  };
}
