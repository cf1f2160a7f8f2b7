import { lengthMismatch } from "../errors.js";
import type { MatrixShape } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS } from "./layout.js";

/** Bytes of one row of a tile, in both directions: long enough to copy well, short enough for tiles to stay in L2. */
const TILE_ROW_BYTES = 512;

/** As the oracle's transpose, tile by tile. */
export function transpose(engine: Engine, bytes: Uint8Array, shape: MatrixShape): Uint8Array {
  const { rows, columns, elementBytes } = shape;
  const expected = rows * columns * elementBytes;
  if (bytes.length !== expected) throw lengthMismatch(`The byte array of a ${rows}×${columns} matrix`, bytes.length, expected);
  const out = new Uint8Array(expected);
  const tile = TILE_ROW_BYTES / elementBytes;
  for (let row = 0; row < rows; row += tile) {
    for (let column = 0; column < columns; column += tile) {
      const height = Math.min(tile, rows - row);
      const width = Math.min(tile, columns - column);
      const from = (row * columns + column) * elementBytes;
      copyRows(bytes.subarray(from), engine.u8.subarray(ADDRESS.input), {
        rows: height,
        from: columns * elementBytes,
        to: width * elementBytes,
      });
      engine.run[`transpose${elementBytes}`](ADDRESS.input, ADDRESS.codes, height, width);
      const to = (column * rows + row) * elementBytes;
      copyRows(engine.u8.subarray(ADDRESS.codes), out.subarray(to), { rows: width, from: height * elementBytes, to: rows * elementBytes });
    }
  }
  return out;
}

/** Copies `rows` rows between matrices of other row lengths; as many bytes as the shorter of the two. */
function copyRows(source: Uint8Array, target: Uint8Array, { rows, from, to }: { rows: number; from: number; to: number }): void {
  const length = Math.min(from, to);
  for (let row = 0; row < rows; row += 1) target.set(source.subarray(row * from, row * from + length), row * to);
}
