import { lengthOf } from "../floats.js";
import type { Floats, GroupRanges } from "../kernels.js";
import { checkElementCount, type QuantView, scaleCountOf } from "../view.js";
import type { Engine } from "./engine.js";
import { ADDRESS, type Region } from "./layout.js";
import { type Piece, piecesOf } from "./pieces.js";
import { stageFloats } from "./staging.js";

/** As the oracle's groupRanges. */
export function groupRanges(engine: Engine, x: Floats, view: QuantView): GroupRanges {
  checkElementCount(view, lengthOf(x));
  const groups = scaleCountOf(view);
  const min = new Float32Array(groups).fill(Number.POSITIVE_INFINITY);
  const max = new Float32Array(groups).fill(Number.NEGATIVE_INFINITY);
  const absmax = new Float32Array(groups);
  for (const piece of piecesOf(view)) {
    const src = stageFloats(engine, x, piece);
    put(engine, "lows", min, piece);
    put(engine, "highs", max, piece);
    put(engine, "absmax", absmax, piece);
    widenMinMax(engine, src, piece);
    widenAbsmax(engine, src, piece);
    take(engine, "lows", min, piece);
    take(engine, "highs", max, piece);
    take(engine, "absmax", absmax, piece);
  }
  return { min, max, absmax };
}

/** The largest magnitude of every group, NaN when it has one. */
export function groupAbsmax(engine: Engine, x: Floats, view: QuantView): Float32Array {
  const absmax = new Float32Array(scaleCountOf(view));
  for (const piece of piecesOf(view)) {
    const src = stageFloats(engine, x, piece);
    put(engine, "absmax", absmax, piece);
    widenAbsmax(engine, src, piece);
    take(engine, "absmax", absmax, piece);
  }
  return absmax;
}

/** Takes the floats at `src` into the magnitudes of the `absmax` region. */
export function widenAbsmax({ run }: Engine, src: number, piece: Piece): void {
  if (piece.form === "runs") run.absmaxRuns(src, ADDRESS.absmax, piece.runs, piece.runLength, piece.groups);
  else run.absmaxRows(src, ADDRESS.absmax, piece.rows, piece.width, piece.rowsPerScale);
}

/** Takes the floats at `src` into the ranges of the `lows` and `highs` regions. */
export function widenMinMax({ run }: Engine, src: number, piece: Piece): void {
  const { lows, highs } = ADDRESS;
  if (piece.form === "runs") run.minMaxRuns(src, lows, highs, piece.runs, piece.runLength, piece.groups);
  else run.minMaxRows(src, lows, highs, piece.rows, piece.width, piece.rowsPerScale);
}

function put(engine: Engine, region: Region, values: Float32Array, { group, groups }: Piece): void {
  engine.f32.set(values.subarray(group, group + groups), ADDRESS[region] / 4);
}

function take(engine: Engine, region: Region, values: Float32Array, { group, groups }: Piece): void {
  const at = ADDRESS[region] / 4;
  values.set(engine.f32.subarray(at, at + groups), group);
}
