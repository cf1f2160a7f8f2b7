import { byteLengthOf } from "../dtype.js";
import { lengthMismatch } from "../errors.js";
import type { QParams } from "../kernels.js";
import { checkQParams } from "../qparams.js";
import { elementCountOf } from "../view.js";
import { codeTypeOf, putCodes } from "./codes.js";
import type { Engine } from "./engine.js";
import { ADDRESS } from "./layout.js";
import { type Piece, piecesOf } from "./pieces.js";
import { stageQParams } from "./staging.js";

/** As the oracle's dequantize. */
export function dequantize(engine: Engine, bytes: Uint8Array, q: QParams): Float32Array {
  checkQParams(q);
  const count = elementCountOf(q.view);
  const expected = byteLengthOf(q.storage, count);
  if (bytes.length !== expected) throw lengthMismatch(`The byte array of ${count} ${q.storage} codes`, bytes.length, expected);
  const out = new Float32Array(count);
  for (const piece of piecesOf(q.view)) {
    putCodes(engine, bytes, q.storage, piece);
    dequantizePiece(engine, q, piece);
    out.set(engine.f32.subarray(ADDRESS.input / 4, ADDRESS.input / 4 + piece.count), piece.start);
  }
  return out;
}

function dequantizePiece(engine: Engine, q: QParams, piece: Piece): void {
  const zeroPoints = stageQParams(engine, q, piece);
  const type = codeTypeOf(q.storage);
  const { codes, input, scales } = ADDRESS;
  const { run } = engine;
  if (piece.form === "runs") run[`dequantizeRuns${type}`](codes, input, piece.runs, piece.runLength, scales, zeroPoints, piece.groups);
  else run[`dequantizeRows${type}`](codes, input, piece.rows, piece.width, piece.rowsPerScale, scales, zeroPoints);
}
