import { byteLengthOf } from "../dtype.js";
import { lengthOf } from "../floats.js";
import type { Floats, IntegerType, QParams, Quantized } from "../kernels.js";
import { checkQParams } from "../qparams.js";
import { checkElementCount } from "../view.js";
import { codeTypeOf, takeCodes } from "./codes.js";
import type { Engine } from "./engine.js";
import { ADDRESS } from "./layout.js";
import { type Piece, piecesOf } from "./pieces.js";
import { stageFloats, stageQParams } from "./staging.js";

/** As the oracle's quantize. */
export function quantize(engine: Engine, x: Floats, q: QParams): Quantized {
  checkQParams(q);
  checkElementCount(q.view, lengthOf(x));
  const bytes = new Uint8Array(byteLengthOf(q.storage, lengthOf(x)));
  let nanCount = 0;
  for (const piece of piecesOf(q.view)) {
    const zeroPoints = stageQParams(engine, q, piece);
    nanCount += quantizePiece(engine, { src: stageFloats(engine, x, piece), zeroPoints, ...q }, piece);
    takeCodes(engine, bytes, q.storage, piece);
  }
  return { bytes, nanCount };
}

/** What one call quantizes: floats at `src`, scales in their region, zero points at `zeroPoints` (0: none). */
export interface StagedInput {
  readonly src: number;
  readonly zeroPoints: number;
  readonly storage: IntegerType;
  readonly range: readonly [qmin: number, qmax: number];
}

/** Fills the code region for `piece`; returns the number of NaN quotients. */
export function quantizePiece({ run }: Engine, { src, zeroPoints, storage, range }: StagedInput, piece: Piece): number {
  const type = codeTypeOf(storage);
  const { codes, scales } = ADDRESS;
  const [qmin, qmax] = range;
  if (piece.form === "runs") {
    return run[`quantizeRuns${type}`](src, codes, piece.runs, piece.runLength, scales, zeroPoints, piece.groups, qmin, qmax);
  }
  return run[`quantizeRows${type}`](src, codes, piece.rows, piece.width, piece.rowsPerScale, scales, zeroPoints, qmin, qmax);
}
