import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Artifact, Decoded, DecodedTensor } from "@vlm-export/backend-api";
import { byteLengthOf, type DType, elementCount, type TensorData } from "@vlm-export/ir";
import type { onnx } from "onnx-proto";
import onnxProto from "onnx-proto";
import { decodeMalformed } from "./errors.js";

/** ONNX TensorProto codes of the types that integers, scales and zero points have; kept apart from the writer's table on purpose. */
const TYPE_OF_CODE: ReadonlyMap<number, DType> = new Map([
  [1, "f32"],
  [2, "u8"],
  [3, "i8"],
  [4, "u16"],
  [5, "i16"],
  [6, "i32"],
  [10, "f16"],
  [16, "bf16"],
  [21, "u4"],
  [22, "i4"],
  [25, "u2"],
  [26, "i2"],
]);

interface Qparams {
  readonly ints?: TensorData;
  readonly storage: DType;
  readonly scale: Float32Array;
  readonly zeroPoint: readonly number[];
}

/**
 * Reads an artifact back with onnx-proto (protobufjs 6 and its own schema), which shares no code with the writer: for every
 * DequantizeLinear the integers, scales and zero points that stand in the file. Throws VX-DECODE-ONNX.
 */
export function decodeOnnx(artifact: Artifact): Decoded {
  const files = new Map<string, ReadonlyMap<string, Qparams>>();
  const tensors = artifact.tensors.flatMap(({ component, value, key, reencodings }): readonly DecodedTensor[] => {
    const [file = "", ...name] = key.split("#");
    if (!artifact.files.some(({ path }) => path === file)) return [];
    const byName = files.get(file) ?? readFile(join(artifact.dir, file));
    files.set(file, byName);
    const qparams = byName.get(name.join("#"));
    return qparams ? [{ component, value, ...qparams, reencoded: reencodings }] : [];
  });
  return { decoder: "onnx-proto 8.0.1", tensors };
}

/** What every DequantizeLinear of a file reads, under the name of its integers and under that of its scale. */
function readFile(path: string): ReadonlyMap<string, Qparams> {
  const graph = decodeModel(path).graph;
  if (!graph) throw decodeMalformed(path, "it has no graph");
  const constants = new Map((graph.initializer ?? []).map((tensor) => [tensor.name ?? "", tensor]));
  const read = new Map<string, Qparams>();
  for (const node of graph.node ?? []) {
    if (node.opType !== "DequantizeLinear") continue;
    const [key = "", scaleName = "", zeroPointName] = node.input ?? [];
    if (read.has(key) || !constants.has(scaleName)) continue;
    const qparams = qparamsOf(path, constants, { key, scaleName, zeroPointName });
    read.set(key, qparams);
    read.set(scaleName, qparams);
  }
  return read;
}

function decodeModel(path: string): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(readFileSync(path));
  } catch (error) {
    throw decodeMalformed(path, error instanceof Error ? error.message : String(error));
  }
}

interface Names {
  readonly key: string;
  readonly scaleName: string;
  readonly zeroPointName: string | undefined;
}

/** A constant's own integers, or for an activation only its qparams; then the zero point's type is the storage type. */
function qparamsOf(path: string, constants: ReadonlyMap<string, onnx.ITensorProto>, { key, scaleName, zeroPointName }: Names): Qparams {
  const named = (name: string | undefined): TensorData | undefined => {
    const proto = name ? constants.get(name) : undefined;
    return proto && tensorOf(path, proto);
  };
  const [ints, scale, zeroPoint] = [named(key), named(scaleName), named(zeroPointName)];
  if (!scale) throw decodeMalformed(path, `the scale ${JSON.stringify(scaleName)} of ${JSON.stringify(key)} is no constant`);
  const zeroPoints = zeroPoint ? integers(zeroPoint) : [];
  return {
    storage: ints?.dtype ?? zeroPoint?.dtype ?? "u8",
    scale: floats(path, scale),
    zeroPoint: zeroPoints.every((point) => point === 0) ? [] : zeroPoints,
    ...(ints && { ints }),
  };
}

function tensorOf(path: string, proto: onnx.ITensorProto): TensorData {
  const dtype = TYPE_OF_CODE.get(proto.dataType ?? 0);
  if (!dtype) throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} has data type ${proto.dataType}`);
  const shape = (proto.dims ?? []).map(Number);
  const byteLength = byteLengthOf(dtype, elementCount(shape));
  const raw = proto.rawData ?? new Uint8Array(0);
  const isExternal = (proto.externalData ?? []).length > 0;
  if (!isExternal && raw.byteLength !== byteLength)
    throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} has ${raw.byteLength} bytes, its shape needs ${byteLength}`);
  const bytes = isExternal ? externalReader(path, proto, byteLength) : (begin = 0, end = byteLength) => raw.subarray(begin, end);
  return { dtype, shape, byteLength, bytes };
}

function externalReader(path: string, proto: onnx.ITensorProto, byteLength: number): TensorData["bytes"] {
  const entries = new Map((proto.externalData ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = entries.get("location") ?? "";
  if (!/^\w[\w.-]*$/.test(location))
    throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} lies in ${JSON.stringify(location)}, outside the artifact`);
  const file = join(path, "..", location);
  const offset = Number(entries.get("offset") ?? 0);
  if (Number(entries.get("length") ?? byteLength) !== byteLength)
    throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} has length ${entries.get("length")}, its shape needs ${byteLength}`);
  return (begin = 0, end = byteLength) => readRange(file, offset + begin, end - begin);
}

function readRange(file: string, offset: number, length: number): Uint8Array {
  const fd = openSync(file, "r");
  try {
    const bytes = new Uint8Array(length);
    const count = readSync(fd, bytes, 0, length, offset);
    if (count !== length) throw decodeMalformed(file, `it ends ${length - count} bytes early`);
    return bytes;
  } finally {
    closeSync(fd);
  }
}

function floats(path: string, data: TensorData): Float32Array {
  const bytes = data.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const numbers = new Float32Array(elementCount(data.shape));
  if (data.dtype !== "f32" && data.dtype !== "f16") throw decodeMalformed(path, `a scale has type ${data.dtype}`);
  for (let i = 0; i < numbers.length; i += 1)
    numbers[i] = data.dtype === "f32" ? view.getFloat32(i * 4, true) : half(view.getUint16(i * 2, true));
  return numbers;
}

/** IEEE 754 binary16: sign, 5 exponent bits with bias 15, 10 fraction bits. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function integers(data: TensorData): readonly number[] {
  const bytes = data.bytes();
  const bits = { i2: 2, u2: 2, i4: 4, u4: 4, i8: 8, u8: 8, i16: 16, u16: 16, i32: 32 }[data.dtype as string] ?? 8;
  const isSigned = data.dtype.startsWith("i");
  return Array.from({ length: elementCount(data.shape) }, (_, i) => {
    let code = 0n;
    for (let bit = 0; bit < bits; bit += 1) {
      const at = i * bits + bit;
      code |= BigInt(((bytes[at >> 3] ?? 0) >> (at & 7)) & 1) << BigInt(bit);
    }
    return Number(isSigned ? BigInt.asIntN(bits, code) : code);
  });
}
