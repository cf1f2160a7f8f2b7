import { elementCountOf, type QuantView } from "../view.js";
import { CHUNK, MAX_ELEMENTS, MAX_GROUPS } from "./layout.js";

/** `runs` contiguous runs of `runLength` elements; run r belongs to group `group + r mod groups`. */
interface RunsPiece {
  readonly form: "runs";
  readonly start: number;
  readonly count: number;
  readonly group: number;
  readonly groups: number;
  readonly runs: number;
  readonly runLength: number;
}

/** `rows` rows of `width` elements; column c of row r belongs to group `group + floor(r / rowsPerScale) · width + c`. */
interface RowsPiece {
  readonly form: "rows";
  readonly start: number;
  readonly count: number;
  readonly group: number;
  readonly groups: number;
  readonly rows: number;
  readonly width: number;
  readonly rowsPerScale: number;
}

/** A contiguous range of elements that one kernel call handles. */
export type Piece = RunsPiece | RowsPiece;

/** A uniform part of a view, of any size. */
type Stretch =
  | { form: "runs"; start: number; group: number; runs: number; runLength: number; period: number }
  | { form: "rows"; start: number; group: number; rows: number; width: number; rowsPerScale: number };

/** `view` cut into pieces of at most `limit` elements (a multiple of 64), in element order. */
export function* piecesOf(view: QuantView, limit: number = CHUNK): Generator<Piece> {
  if (elementCountOf(view) === 0) return;
  for (const stretch of stretchesOf(view)) {
    if (stretch.form === "runs") yield* stretch.runLength > limit ? cutRuns(stretch, limit) : wholeRuns(stretch, limit);
    else yield* stretch.width > Math.min(limit, MAX_GROUPS) ? cutRows(stretch, limit) : wholeRows(stretch, limit);
  }
}

/** A limit for {@link piecesOf} with which every piece holds whole groups; undefined when there is none. */
export function wholeGroupLimit(view: QuantView): number | undefined {
  const slab = slabOf(view);
  if (slab <= CHUNK) return CHUNK;
  return slab <= MAX_ELEMENTS ? Math.ceil(slab / 64) * 64 : undefined;
}

/** True when {@link piecesOf} with `limit` gives pieces that hold whole groups only. */
export function holdsWholeGroups(view: QuantView, limit: number): boolean {
  return slabOf(view) <= limit;
}

/** The elements of `piece` as a view of their own, with scales [group, group + groups) of the whole. */
export function viewOfPiece(piece: Piece): QuantView {
  if (piece.form === "rows") {
    return { granularity: "block", outer: 1, axis: piece.rows, inner: piece.width, blockSize: piece.rowsPerScale };
  }
  if (piece.groups === piece.runs) return { granularity: "block", outer: 1, axis: piece.count, inner: 1, blockSize: piece.runLength };
  return { granularity: "channel", outer: piece.runs / piece.groups, axis: piece.groups, inner: piece.runLength, blockSize: 1 };
}

/** Elements from the first to the last of a group, its neighbours in between included. */
function slabOf(view: QuantView): number {
  if (view.granularity === "tensor") return view.axis;
  if (view.granularity === "channel") return view.outer === 1 ? view.inner : elementCountOf(view) + tooWide(view.axis);
  return Math.min(view.blockSize, view.axis) * view.inner + tooWide(view.inner);
}

function tooWide(scalesPerRow: number): number {
  return scalesPerRow > MAX_GROUPS ? Number.POSITIVE_INFINITY : 0;
}

function* stretchesOf(view: QuantView): Generator<Stretch> {
  const { granularity, outer, axis, inner } = view;
  const runs = { form: "runs", start: 0, group: 0 } as const;
  const rows = { form: "rows", start: 0, group: 0 } as const;
  if (granularity === "tensor" || (granularity === "channel" && axis === 1)) {
    yield { ...runs, runs: 1, runLength: elementCountOf(view), period: 1 };
  } else if (granularity === "channel") {
    if (inner > 1 || outer === 1) yield { ...runs, runs: outer * axis, runLength: inner, period: axis };
    else yield { ...rows, rows: outer, width: axis, rowsPerScale: outer };
  } else {
    yield* blockStretches(view);
  }
}

/** One stretch when blocks divide the axis; otherwise, per outer index, one of whole blocks and one of the short block. */
function* blockStretches({ outer, axis, inner, blockSize }: QuantView): Generator<Stretch> {
  const size = Math.min(blockSize, axis);
  const whole = Math.floor(axis / size);
  const rest = axis % size;
  if (rest === 0) {
    yield blockStretch({ start: 0, group: 0, blocks: outer * whole, size, inner });
    return;
  }
  for (let index = 0; index < outer; index += 1) {
    const start = index * axis * inner;
    const group = index * (whole + 1) * inner;
    yield blockStretch({ start, group, blocks: whole, size, inner });
    yield blockStretch({ start: start + whole * size * inner, group: group + whole * inner, blocks: 1, size: rest, inner });
  }
}

function blockStretch(part: { start: number; group: number; blocks: number; size: number; inner: number }): Stretch {
  const { start, group, blocks, size, inner } = part;
  if (inner === 1) return { form: "runs", start, group, runs: blocks, runLength: size, period: blocks };
  return { form: "rows", start, group, rows: blocks * size, width: inner, rowsPerScale: size };
}

function* cutRuns(stretch: Stretch & { form: "runs" }, limit: number): Generator<RunsPiece> {
  const { start, group, runs, runLength, period } = stretch;
  for (let run = 0; run < runs; run += 1) {
    for (let offset = 0; offset < runLength; offset += limit) {
      const count = Math.min(limit, runLength - offset);
      const at = { start: start + run * runLength + offset, count, group: group + (run % period), groups: 1 };
      yield { form: "runs", ...at, runs: 1, runLength: count };
    }
  }
}

function* wholeRuns(stretch: Stretch & { form: "runs" }, limit: number): Generator<RunsPiece> {
  const { start, group, runs, runLength, period } = stretch;
  const most = multipleOf4(Math.min(Math.floor(limit / runLength), MAX_GROUPS));
  const step = period <= most ? Math.floor(most / period) * period : most;
  for (let run = 0, taken = 0; run < runs; run += taken) {
    const inPeriod = run % period;
    taken = Math.min(step, runs - run, period <= most ? step : period - inPeriod);
    const at = { start: start + run * runLength, count: taken * runLength, group: group + inPeriod, groups: Math.min(taken, period) };
    yield { form: "runs", ...at, runs: taken, runLength };
  }
}

function* cutRows(stretch: Stretch & { form: "rows" }, limit: number): Generator<RowsPiece> {
  const { start, group, rows, width, rowsPerScale } = stretch;
  const step = Math.min(limit, MAX_GROUPS);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < width; column += step) {
      const count = Math.min(step, width - column);
      const scaleRow = Math.floor(row / rowsPerScale) * width;
      const at = { start: start + row * width + column, count, group: group + scaleRow + column, groups: count };
      yield { form: "rows", ...at, rows: 1, width: count, rowsPerScale: 1 };
    }
  }
}

function* wholeRows(stretch: Stretch & { form: "rows" }, limit: number): Generator<RowsPiece> {
  const { start, group, rows, width, rowsPerScale } = stretch;
  const most = Math.floor(limit / width);
  const wholeBlocks = Math.floor(Math.min(most / rowsPerScale, MAX_GROUPS / width)) * rowsPerScale;
  const step = most >= rowsPerScale ? wholeBlocks : multipleOf4(most);
  for (let row = 0, taken = 0; row < rows; row += taken) {
    taken = Math.min(step, rows - row, most >= rowsPerScale ? step : rowsPerScale - (row % rowsPerScale));
    const scaleRow = Math.floor(row / rowsPerScale);
    const groups = Math.ceil(taken / rowsPerScale) * width;
    const at = { start: start + row * width, count: taken * width, group: group + scaleRow * width, groups };
    yield { form: "rows", ...at, rows: taken, width, rowsPerScale };
  }
}

/** `count` rounded down so that pieces start at whole bytes of packed codes, where that leaves any. */
function multipleOf4(count: number): number {
  return count >= 4 ? count - (count % 4) : count;
}
