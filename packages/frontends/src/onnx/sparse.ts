import type { OnnxSparseTensor } from "@vlm-export/formats/onnx";
import { BITS, byteLengthOf, elementCount, memoryTensor, type TensorData } from "@vlm-export/ir";
import { importSparse, type Place } from "../errors.js";
import { tensorDataOf } from "./tensor-data.js";

/** Largest dense form of a sparse tensor, in bytes. */
const MAX_DENSE_BYTES = 64 << 20;

/**
 * A sparse tensor written out with zeros. Indices are flat ([NNZ]) or one row per value ([NNZ, rank]), ascending, as
 * SparseTensorProto demands. Throws VX-IMPORT-SPARSE.
 */
export function denseOf(sparse: OnnxSparseTensor, file: string): TensorData {
  const place = { file, value: sparse.values.name };
  const shape = sparse.dims;
  const values = tensorDataOf(sparse.values, file);
  const bits = BITS[values.dtype];
  if (bits < 8) throw importSparse(place, `has values of type ${values.dtype}, expected a type of whole bytes`);
  const dense = new Uint8Array(denseBytes(place, values, shape));
  const source = values.bytes();
  const size = bits / 8;
  for (const [i, at] of flatIndices(sparse, place).entries()) dense.set(source.subarray(i * size, (i + 1) * size), at * size);
  return memoryTensor(values.dtype, shape, dense);
}

function denseBytes(place: Place, values: TensorData, shape: readonly number[]): number {
  const byteLength = byteLengthOf(values.dtype, elementCount(shape));
  if (values.shape.length !== 1) throw importSparse(place, `has values of rank ${values.shape.length}, expected 1`);
  if (byteLength > MAX_DENSE_BYTES)
    throw importSparse(place, `would take ${byteLength} bytes when dense; at most ${MAX_DENSE_BYTES} are made`);
  return byteLength;
}

function flatIndices(sparse: OnnxSparseTensor, place: Place & { readonly file: string }): readonly number[] {
  const shape = sparse.dims;
  const indices = tensorDataOf(sparse.indices, place.file);
  const count = sparse.values.dims[0] ?? 0;
  const width = indices.shape.length === 2 ? shape.length : 1;
  if (indices.dtype !== "i64" || indices.shape.length > 2 || elementCount(indices.shape) !== count * width)
    throw importSparse(place, `has indices ${indices.dtype}[${indices.shape}] for ${count} values of rank ${shape.length}`);
  const bytes = indices.bytes();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = (i: number): number => Number(view.getBigInt64(i * 8, true));
  const extents = width === 1 && indices.shape.length === 1 ? [elementCount(shape)] : shape;
  return Array.from({ length: count }, (_, row) =>
    extents.reduce((flat, extent, axis) => {
      const index = read(row * width + axis);
      if (!(index >= 0 && index < extent)) throw importSparse(place, `has the index ${index} outside [0, ${extent - 1}]`);
      return flat * extent + index;
    }, 0),
  );
}
