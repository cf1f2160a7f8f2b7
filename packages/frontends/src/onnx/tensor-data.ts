import type { ByteRange } from "@vlm-export/formats/files";
import { onnxDataType, openTensor, type OnnxTensor } from "@vlm-export/formats/onnx";
import { byteLengthOf, type DType, elementCount, type TensorData } from "@vlm-export/ir";
import { stringTensor } from "@vlm-export/ops";
import { importDtype, quoted } from "../errors.js";
import { withFormatErrors } from "./format-errors.js";

/** Tensors up to this size are read once and kept, so that shape arithmetic does not go to the file each time. */
const KEEP_BYTES = 4096;

/**
 * The elements of an ONNX tensor: a lazy range of the file for all but small and string tensors. The size is checked
 * against the shape now. Throws VX-IMPORT-DTYPE and the codes of `openTensor`.
 */
export function tensorDataOf(tensor: OnnxTensor, file: string): TensorData {
  return withFormatErrors(file, () => {
    if (tensor.data.kind === "strings") return stringTensor(tensor.dims, tensor.data.strings());
    const range = openTensor(tensor);
    return rangeTensor(dtypeOfCode(tensor.dataType, { file, value: tensor.name }), tensor.dims, range, file);
  });
}

/** The IR's name of a TensorProto.DataType. Throws VX-IMPORT-DTYPE for a code that is unknown or that the IR does not hold. */
export function dtypeOfCode(code: number, place: { readonly file: string; readonly value?: string; readonly node?: string }): DType {
  const row = onnxDataType(code);
  const subject = place.value === undefined ? "a tensor" : `value ${quoted(place.value)}`;
  if (!row) throw importDtype(place, `${subject} has the unknown element type ${code}`);
  if (row.dtype === "f6e2m3" || row.dtype === "f6e3m2")
    throw importDtype(place, `${subject} has the element type ${row.onnxName}, which is not supported`);
  return row.dtype;
}

function rangeTensor(dtype: DType, shape: readonly number[], range: ByteRange, file: string): TensorData {
  const { byteLength, origin } = range;
  if (byteLength !== byteLengthOf(dtype, elementCount(shape)))
    throw new RangeError(`rangeTensor: ${dtype}[${shape}] over ${byteLength} bytes`);
  let kept: Uint8Array | undefined;
  const bytes = (begin = 0, end = byteLength): Uint8Array => {
    if (byteLength > KEEP_BYTES) return withFormatErrors(file, () => range.read(begin, end));
    kept ??= withFormatErrors(file, () => range.read());
    return kept.subarray(begin, end);
  };
  if (byteLength <= KEEP_BYTES) return { dtype, shape, byteLength, bytes, ...(origin && { file: origin }) };
  const readInto = (target: Uint8Array, begin: number) => withFormatErrors(file, () => range.readInto(target, begin));
  return { dtype, shape, byteLength, bytes, readInto, ...(origin && { file: origin }) };
}
