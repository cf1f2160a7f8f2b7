import { bitsOf, isSigned } from "../dtype.js";
import type { IntegerType } from "../kernels.js";
import { scaleLimits } from "../scale-limits.js";
import type { Engine } from "./engine.js";
import { ADDRESS } from "./layout.js";
import type { Piece } from "./pieces.js";
import type { StagedInput } from "./quantize.js";

/** Elements that the kernels take at once. */
const LANES = 32;
/** Magnitude below which every scale type brings a number below the kernels' 2^22 steps: float16 has the least of largest scales. */
const LARGEST = scaleLimits.f16[1] * 2 ** 20;

/** True when {@link packPiece} can do `piece`, whose magnitudes are in the `absmax` region: 4-bit codes, whole bytes and vectors, no huge number. */
export function isPackable({ run }: Engine, storage: IntegerType, piece: Piece): boolean {
  if (bitsOf(storage) !== 4 || piece.start % 2 !== 0) return false;
  const isWhole = piece.form === "runs" ? piece.runLength % LANES === 0 && piece.groups === piece.runs : piece.width % LANES === 0;
  return isWhole && run.reaches(ADDRESS.absmax, piece.groups, LARGEST) === 0;
}

/** Fills the packed region with the codes of `piece`, by the scales chosen for its magnitudes. */
export function packPiece({ run }: Engine, { src, zeroPoints, storage, range }: StagedInput, piece: Piece): void {
  const { packed, scales } = ADDRESS;
  const [qmin, qmax] = range;
  const signed = isSigned(storage) ? 1 : 0;
  if (piece.form === "runs") run.nibbleRuns(src, packed, piece.runs, piece.runLength, scales, zeroPoints, qmin, qmax, signed);
  else run.nibbleRows(src, packed, piece.rows, piece.width, piece.rowsPerScale, scales, zeroPoints, qmin, qmax, signed);
}
