import type { Layout } from "../layout.js";

/** Arrays whose elements can be put in another order. */
export type Elements = Float32Array | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array;

/** Rows and columns of a tile: both sides of one stay in the first-level cache. */
const tile = 32;

/** `source` (row-major over `shape`) in the order of `layout`. */
export function permuted<T extends Elements>(source: T, shape: readonly number[], layout: Layout): T {
  const target = source.slice() as T;
  const view = collapsed(shape, layout);
  const [last, before] = [view.layout.at(-1), view.layout.at(-2)];
  const rank = view.shape.length;
  const isBatch = view.layout.slice(0, -2).every((axis, i) => axis === i);
  if (rank < 2) return target;
  if (isBatch && last === rank - 2 && before === rank - 1) transposeLast(source, target, view.shape);
  else walk(source, target, view);
  return target;
}

interface View {
  readonly shape: readonly number[];
  readonly layout: Layout;
}

/** The same move with fewer axes: those of extent 1 left out, neighbours that stay neighbours joined. */
function collapsed(shape: readonly number[], layout: Layout): View {
  const runs: number[][] = [];
  let previous = -2;
  for (const axis of layout.filter((at) => shape[at] !== 1)) {
    const isNext = shape.slice(previous + 1, axis).every((extent) => extent === 1) && previous >= 0 && axis > previous;
    if (isNext) runs.at(-1)?.push(axis);
    else runs.push([axis]);
    previous = axis;
  }
  const starts = runs.map((run) => run[0] ?? 0);
  const ordered = [...starts].sort((a, b) => a - b);
  const extents = new Map(runs.map((run) => [run[0] ?? 0, run.reduce((product, axis) => product * (shape[axis] ?? 1), 1)]));
  return { shape: ordered.map((start) => extents.get(start) ?? 1), layout: starts.map((start) => ordered.indexOf(start)) };
}

/** Swaps the last two axes of each matrix, tile by tile. */
function transposeLast(source: Elements, target: Elements, shape: readonly number[]): void {
  const [rows, columns] = [shape.at(-2) ?? 1, shape.at(-1) ?? 1];
  for (let base = 0; base < source.length; base += rows * columns) {
    for (let row = 0; row < rows; row += tile) {
      for (let column = 0; column < columns; column += tile) {
        transposeTile(source, target, { base, row, column, rows, columns });
      }
    }
  }
}

interface Tile {
  readonly base: number;
  readonly row: number;
  readonly column: number;
  readonly rows: number;
  readonly columns: number;
}

function transposeTile(source: Elements, target: Elements, { base, row, column, rows, columns }: Tile): void {
  const [lastRow, lastColumn] = [Math.min(row + tile, rows), Math.min(column + tile, columns)];
  for (let c = column; c < lastColumn; c += 1) {
    for (let r = row; r < lastRow; r += 1) target[base + c * rows + r] = source[base + r * columns + c] as number;
  }
}

/** Any order: writes in order, reads along the stored axes. */
function walk(source: Elements, target: Elements, { shape, layout }: View): void {
  const strides = layout.map((axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const extents = layout.map((axis) => shape[axis] ?? 1);
  const [inner, stride] = [extents.at(-1) ?? 1, strides.at(-1) ?? 1];
  const index = extents.map(() => 0);
  let base = 0;
  for (let at = 0; at < target.length; at += inner) {
    for (let i = 0; i < inner; i += 1) target[at + i] = source[base + i * stride] as number;
    base += advance(index, extents, strides);
  }
}

/** Counts one step on every axis but the last; returns the change of the source offset. */
function advance(index: number[], extents: readonly number[], strides: readonly number[]): number {
  let change = 0;
  for (let axis = extents.length - 2; axis >= 0; axis -= 1) {
    const next = (index[axis] ?? 0) + 1;
    change += strides[axis] ?? 0;
    if (next < (extents[axis] ?? 1)) {
      index[axis] = next;
      return change;
    }
    change -= next * (strides[axis] ?? 0);
    index[axis] = 0;
  }
  return change;
}
