import { type TensorData, windowsOf } from "@vlm-export/ir";
import { floatsFromBytes } from "@vlm-export/numerics";

/** Output channels of each weight that are looked at. */
const COLUMN_SAMPLE = 64;

/** Up to {@link COLUMN_SAMPLE} output channels of an f32 matrix, evenly spaced, each along the summed axis; read in windows. */
export function sampledColumns(data: TensorData, reduce: number): readonly Float32Array[] {
  const [rows, columns] = data.shape as readonly [number, number];
  const outputs = reduce === 0 ? columns : rows;
  const count = Math.min(outputs, COLUMN_SAMPLE);
  const chosen = Array.from({ length: count }, (_, i) => Math.floor((i * outputs) / count));
  return reduce === 0 ? columnsOf(data, chosen) : chosen.map((row) => rowOf(data, row));
}

function rowOf(data: TensorData, row: number): Float32Array {
  const rowBytes = (data.shape[1] as number) * 4;
  return floatsIn(data.bytes(row * rowBytes, (row + 1) * rowBytes));
}

function columnsOf(data: TensorData, chosen: readonly number[]): readonly Float32Array[] {
  const [rows, columns] = data.shape as readonly [number, number];
  const found = chosen.map(() => new Float32Array(rows));
  let begin = 0;
  for (const window of windowsOf(data)) {
    const values = floatsIn(window);
    const end = begin + values.length;
    chosen.forEach((column, c) => {
      const target = found[c] as Float32Array;
      const first = Math.max(Math.ceil((begin - column) / columns), 0);
      for (let row = first, i = row * columns + column; i < end; row += 1, i += columns) target[row] = values[i - begin] as number;
    });
    begin = end;
  }
  return found;
}

function floatsIn(bytes: Uint8Array): Float32Array {
  return floatsFromBytes(bytes, "f32") as Float32Array;
}
