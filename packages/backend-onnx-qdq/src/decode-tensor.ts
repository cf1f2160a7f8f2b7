import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { readAll } from "@vlm-export/formats/files";
import { byteLengthOf, type DType, elementCount, type TensorData } from "@vlm-export/ir";
import type { onnx } from "onnx-proto";
import { decodeMalformed } from "./errors.js";

/** ONNX TensorProto codes; kept apart from the writer's table on purpose. */
const TYPE_OF_CODE: ReadonlyMap<number, DType> = new Map([
  [1, "f32"],
  [2, "u8"],
  [3, "i8"],
  [4, "u16"],
  [5, "i16"],
  [6, "i32"],
  [7, "i64"],
  [9, "bool"],
  [10, "f16"],
  [11, "f64"],
  [12, "u32"],
  [13, "u64"],
  [14, "c64"],
  [15, "c128"],
  [16, "bf16"],
  [17, "f8e4m3"],
  [18, "f8e4m3uz"],
  [19, "f8e5m2"],
  [20, "f8e5m2uz"],
  [21, "u4"],
  [22, "i4"],
  [23, "f4e2m1"],
  [24, "f8e8m0"],
  [25, "u2"],
  [26, "i2"],
]);

/** An initializer of the model file at `path`; external data is read when asked for. Throws VX-DECODE-ONNX, as do the reads. */
export function tensorOf(path: string, proto: onnx.ITensorProto): TensorData {
  const dtype = TYPE_OF_CODE.get(proto.dataType ?? 0);
  if (!dtype) throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} has data type ${proto.dataType}`);
  const shape = (proto.dims ?? []).map(numberIn);
  const byteLength = byteLengthOf(dtype, elementCount(shape));
  if ((proto.externalData ?? []).length > 0) return { dtype, shape, byteLength, ...externalReader(path, proto, byteLength) };
  const raw = proto.rawData ?? new Uint8Array(0);
  if (raw.byteLength !== byteLength)
    throw decodeMalformed(path, `tensor ${JSON.stringify(proto.name)} has ${raw.byteLength} bytes, its shape needs ${byteLength}`);
  return { dtype, shape, byteLength, bytes: (begin = 0, end = byteLength) => raw.subarray(begin, end) };
}

/** A 64-bit integer as the protobuf reader gives it; `Number` would go by way of its text, which took most of the time of decoding. */
export function numberIn(value: NonNullable<onnx.IAttributeProto["i"]>): number {
  return typeof value === "number" ? value : value.toNumber();
}

function externalReader(
  path: string,
  { name, externalData }: onnx.ITensorProto,
  byteLength: number,
): Required<Pick<TensorData, "bytes" | "readInto">> {
  const entries = new Map((externalData ?? []).map(({ key, value }) => [key ?? "", value ?? ""]));
  const location = entries.get("location") ?? "";
  if (!/^\w[\w.-]*$/.test(location))
    throw decodeMalformed(path, `tensor ${JSON.stringify(name)} lies in ${JSON.stringify(location)}, outside the artifact`);
  const file = join(path, "..", location);
  const offset = Number(entries.get("offset") ?? 0);
  if (Number(entries.get("length") ?? byteLength) !== byteLength)
    throw decodeMalformed(path, `tensor ${JSON.stringify(name)} has length ${entries.get("length")}, its shape needs ${byteLength}`);
  const readInto = (target: Uint8Array, begin: number) => readRange(file, offset + begin, target);
  const bytes = (begin = 0, end = byteLength) => {
    const target = new Uint8Array(end - begin);
    readInto(target, begin);
    return target;
  };
  return { bytes, readInto };
}

function readRange(file: string, offset: number, target: Uint8Array): void {
  const fd = openSync(file, "r");
  try {
    const count = readAll(fd, target, offset);
    if (count !== target.byteLength) throw decodeMalformed(file, `it ends ${target.byteLength - count} bytes early`);
  } finally {
    closeSync(fd);
  }
}
