import { lengthMismatch } from "../errors.js";
import type { MatrixShape } from "../kernels.js";

/** out[c, r] = in[r, c] over elements of `elementBytes`. */
export function transpose(bytes: Uint8Array, { rows, columns, elementBytes }: MatrixShape): Uint8Array {
  const expected = rows * columns * elementBytes;
  if (bytes.length !== expected) throw lengthMismatch(`The byte array of a ${rows}×${columns} matrix`, bytes.length, expected);
  const out = new Uint8Array(expected);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const from = (row * columns + column) * elementBytes;
      out.set(bytes.subarray(from, from + elementBytes), (column * rows + row) * elementBytes);
    }
  }
  return out;
}
