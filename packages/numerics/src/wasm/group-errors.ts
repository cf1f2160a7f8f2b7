import { lengthOf } from "../floats.js";
import type { Floats, QParams } from "../kernels.js";
import { checkQParams } from "../qparams.js";
import { checkElementCount, scaleCountOf } from "../view.js";
import type { Engine } from "./engine.js";
import { sumOfLanes } from "./lanes.js";
import { ADDRESS } from "./layout.js";
import { type Piece, piecesOf } from "./pieces.js";
import { stageFloats, stageQParams } from "./staging.js";

/** As the oracle's groupErrors. */
export function groupErrors(engine: Engine, x: Floats, q: QParams): Float64Array {
  checkQParams(q);
  checkElementCount(q.view, lengthOf(x));
  const sums = new Float64Array(scaleCountOf(q.view) * 4);
  for (const piece of piecesOf(q.view)) {
    const zeroPoints = stageQParams(engine, q, piece);
    addErrors(engine, { src: stageFloats(engine, x, piece), zeroPoints, range: q.range }, piece, sums);
  }
  const errors = new Float64Array(sums.length / 4);
  for (let group = 0; group < errors.length; group += 1) errors[group] = sumOfLanes(sums, group * 4);
  return errors;
}

/** Adds the squared errors of `piece` to `sums`, four lanes per group of which rows use the first. */
function addErrors(
  engine: Engine,
  input: { src: number; zeroPoints: number; range: readonly [number, number] },
  piece: Piece,
  sums: Float64Array,
): void {
  const { src, zeroPoints, range } = input;
  const { lanes, scales } = ADDRESS;
  const at = lanes / 8;
  const { group, groups } = piece;
  if (piece.form === "runs") {
    engine.f64.set(sums.subarray(group * 4, (group + groups) * 4), at);
    engine.run.squaredErrorRuns(src, lanes, piece.runs, piece.runLength, scales, zeroPoints, groups, ...range);
    sums.set(engine.f64.subarray(at, at + groups * 4), group * 4);
    return;
  }
  for (let i = 0; i < groups; i += 1) engine.f64[at + i] = sums[(group + i) * 4] as number;
  engine.run.squaredErrorRows(src, lanes, piece.rows, piece.width, piece.rowsPerScale, scales, zeroPoints, ...range);
  for (let i = 0; i < groups; i += 1) sums[(group + i) * 4] = engine.f64[at + i] as number;
}
