import { type ByteRange, memoryRange } from "../files/index.js";
import { requireDataType } from "./data-types.js";
import { tensorData, tensorSize } from "./errors.js";
import type { OnnxModel, OnnxTensor } from "./model.js";
import { tensorsOf } from "./tensors-of.js";

/** The facts that the size of a tensor follows from. */
export interface SizedTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
}

/** Number of elements: the product of `dims`, 1 for a scalar. Throws VX-IMPORT-ONNX-TENSOR-SIZE above 2^53 - 1. */
export function elementCount(tensor: SizedTensor, path?: string): number {
  if (tensor.dims.includes(0)) return 0;
  const count = tensor.dims.reduce((product, dim) => product * dim, 1);
  if (!Number.isSafeInteger(count))
    throw tensorSize(path, tensor.name, `[${tensor.dims.join(", ")}]`, { expected: count, actual: 0, unit: "elements" });
  return count;
}

/** Size of the raw elements in bytes: ceil(elements · bits / 8). Throws VX-IMPORT-ONNX-DATA-TYPE, -TENSOR-SIZE. */
export function elementBytes(tensor: SizedTensor, path?: string): number {
  const { bits } = requireDataType(tensor.dataType, tensor.name, path);
  const count = elementCount(tensor, path);
  const whole = Math.floor(count / 8) * bits;
  return whole + Math.ceil(((count % 8) * bits) / 8);
}

/**
 * The raw elements of a tensor: opened, of the right size, and not yet read. Throws VX-IMPORT-ONNX-TENSOR-SIZE, -DATA-TYPE,
 * -TENSOR-DATA (strings and streams have no bytes to open), and what opening external data throws.
 */
export function openTensor(tensor: OnnxTensor): ByteRange {
  const range = openData(tensor);
  const expected = elementBytes(tensor, range.origin?.path);
  if (range.byteLength !== expected) {
    const { onnxName } = requireDataType(tensor.dataType, tensor.name, range.origin?.path);
    throw tensorSize(range.origin?.path, tensor.name, `${onnxName}[${tensor.dims.join(", ")}]`, {
      expected,
      actual: range.byteLength,
      unit: "bytes",
    });
  }
  return range;
}

function openData(tensor: OnnxTensor): ByteRange {
  const { data } = tensor;
  switch (data.kind) {
    case "bytes":
      return memoryRange(data.bytes);
    case "inline":
    case "typed":
    case "external":
      return data.open();
    default:
      throw tensorData({ path: undefined, offset: 0 }, tensor.name, `holds ${data.kind}, not bytes to open`);
  }
}

/**
 * Checks that the elements of every tensor of a model are there and have the right size, without reading weights:
 * what {@link openTensor} would throw later is thrown now.
 */
export function checkTensors(model: OnnxModel): void {
  for (const tensor of tensorsOf(model)) {
    if (tensor.data.kind === "strings") tensor.data.strings();
    else openTensor(tensor);
  }
}
