import { decodeTfliteMalformed, decodeTfliteUnsupported } from "../errors.js";
import type { TfliteBlockwise, TfliteBytes, TfliteQuantization, TfliteTensor } from "../model.js";
import { elementBits, typeNames } from "./names.js";
import { nameOf } from "./options.js";
import type { Table } from "./table.js";

const blockwiseDetails = 2;

/** A tensor of a subgraph, its buffer checked against its type and shape. */
export function readTensor(table: Table, buffers: readonly TfliteBytes[]): TfliteTensor {
  if (table.table(6)) throw decodeTfliteUnsupported("a sparse tensor", table.position);
  const quantization = table.table(4);
  const shapeSignature = table.i32s(7);
  const tensor: TfliteTensor = {
    name: table.text(3) ?? "",
    type: nameOf(typeNames, table.i8(1), "tensor type", table),
    shape: table.i32s(0),
    ...(shapeSignature.length > 0 ? { shapeSignature } : {}),
    buffer: table.u32(2),
    ...(quantization ? { quantization: readQuantization(quantization) } : {}),
    isVariable: table.bool(5),
    hasRank: table.bool(8),
  };
  checkShape(tensor, table);
  checkData(tensor, buffers, table);
  return tensor;
}

/** Old TensorFlow writers leave a bias's quantized dimension at that of its weights, outside the bias's rank: that alone is let pass. */
function checkShape({ name, shape, quantization }: TfliteTensor, table: Table): void {
  if (shape.some((extent) => extent < 0))
    throw decodeTfliteMalformed(`tensor "${name}" has a negative extent: [${shape.join(", ")}]`, table.position);
  if (!Number.isSafeInteger(shape.reduce((a, b) => a * b, 1)))
    throw decodeTfliteMalformed(`tensor "${name}" has too many elements`, table.position);
  if (!quantization || quantization.scale.length < 2) return;
  const { scale, quantizedDimension } = quantization;
  if (quantizedDimension < shape.length && shape[quantizedDimension] !== scale.length) {
    const problem = `tensor "${name}" has ${scale.length} scales on dimension ${quantizedDimension} of [${shape.join(", ")}]`;
    throw decodeTfliteMalformed(problem, table.position);
  }
}

function checkData({ name, type, shape, buffer }: TfliteTensor, buffers: readonly TfliteBytes[], table: Table): void {
  const data = buffers[buffer];
  if (!data) throw decodeTfliteMalformed(`tensor "${name}": buffer ${buffer} is outside 0..${buffers.length - 1}`, table.position);
  const bits = elementBits.get(type);
  if (data.byteLength === 0 || bits === undefined) return;
  const expected = Math.ceil((shape.reduce((a, b) => a * b, 1) * bits) / 8);
  if (data.byteLength !== expected) {
    const problem = `tensor "${name}" of ${type} [${shape.join(", ")}] has ${data.byteLength} bytes of data, expected ${expected}`;
    throw decodeTfliteMalformed(problem, table.position);
  }
}

function readQuantization(table: Table): TfliteQuantization {
  const scale = table.f32s(2);
  const zeroPoint = table.i64s(3);
  if (zeroPoint.length > 0 && zeroPoint.length !== scale.length) {
    throw decodeTfliteMalformed(`${zeroPoint.length} zero points for ${scale.length} scales`, table.position);
  }
  const blockwise = readBlockwise(table);
  return {
    min: table.f32s(0),
    max: table.f32s(1),
    scale,
    zeroPoint,
    quantizedDimension: table.i32(6),
    ...(blockwise ? { blockwise } : {}),
  };
}

function readBlockwise(table: Table): TfliteBlockwise | undefined {
  const code = table.u8(4);
  const details = table.table(5);
  if (code === 0 && !details) return undefined;
  if (code !== blockwiseDetails) throw decodeTfliteUnsupported(`quantization details ${code}`, table.position);
  if (!details) throw decodeTfliteMalformed("quantization details without a value", table.position);
  if (details.has(3)) throw decodeTfliteUnsupported("blockwise quantization with a block shape", table.position);
  return { scales: details.i32(0), zeroPoints: details.i32(1), blockSize: details.i32(2) };
}
