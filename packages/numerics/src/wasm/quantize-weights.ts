import { byteLengthOf } from "../dtype.js";
import { lengthOf } from "../floats.js";
import type { Floats, QuantizedWeights, ScaleSpec } from "../kernels.js";
import { checkScaleSpec, symmetricZeroPoint } from "../qparams.js";
import { checkElementCount, elementCountOf, scaleCountOf } from "../view.js";
import { takeCodes, takePacked } from "./codes.js";
import { chooseScales, computeScales } from "./compute-scales.js";
import type { Engine } from "./engine.js";
import { widenAbsmax, widenMinMax } from "./group-ranges.js";
import { ADDRESS } from "./layout.js";
import { type Piece, piecesOf, wholeGroupLimit } from "./pieces.js";
import { quantize, quantizePiece } from "./quantize.js";
import { isPackable, packPiece } from "./quantize-nibbles.js";
import { stageFloats } from "./staging.js";

/** As the oracle's quantizeWeights; one pass over memory where groups fit the input region. */
export function quantizeWeights(engine: Engine, x: Floats, spec: ScaleSpec): QuantizedWeights {
  const limit = wholeGroupLimit(spec.view);
  return limit === undefined ? inTwoPasses(engine, x, spec) : inOnePass(engine, x, spec, limit);
}

function inTwoPasses(engine: Engine, x: Floats, spec: ScaleSpec): QuantizedWeights {
  const scales = computeScales(engine, x, spec);
  const { view, storage, range } = spec;
  return { ...quantize(engine, x, { view, storage, range, ...scales }), ...scales };
}

function inOnePass(engine: Engine, x: Floats, spec: ScaleSpec, limit: number): QuantizedWeights {
  checkScaleSpec(spec);
  checkElementCount(spec.view, lengthOf(x));
  const { view, storage, range, symmetric } = spec;
  const bytes = new Uint8Array(byteLengthOf(storage, lengthOf(x)));
  const scale = new Float32Array(scaleCountOf(view));
  if (elementCountOf(view) === 0) scale.fill(1);
  const fixed = symmetric ? symmetricZeroPoint(storage) : Math.min(Math.max(0, range[0]), range[1]);
  const zeroPoint = symmetric && fixed === 0 ? undefined : new Int32Array(scale.length).fill(fixed);
  let [nanCount, nonFiniteGroups] = [0, 0];
  for (const piece of piecesOf(view, limit)) {
    const src = stageFloats(engine, x, piece);
    nonFiniteGroups += chooseForPiece(engine, spec, { src, fixed, piece });
    const input = { src, zeroPoints: zeroPoint ? ADDRESS.zeroPoints : 0, storage, range };
    if (isPackable(engine, storage, piece)) {
      packPiece(engine, input, piece);
      takePacked(engine, bytes, storage, piece);
    } else {
      nanCount += quantizePiece(engine, input, piece);
      takeCodes(engine, bytes, storage, piece);
    }
    scale.set(engine.f32.subarray(ADDRESS.scales / 4, ADDRESS.scales / 4 + piece.groups), piece.group);
    if (!symmetric) zeroPoint?.set(engine.i32.subarray(ADDRESS.zeroPoints / 4, ADDRESS.zeroPoints / 4 + piece.groups), piece.group);
  }
  return { bytes, nanCount, scale, nonFiniteGroups, ...(zeroPoint ? { zeroPoint } : {}) };
}

/** Scales and zero points of the whole groups of `piece` into their regions. */
function chooseForPiece(engine: Engine, spec: ScaleSpec, input: { src: number; fixed: number; piece: Piece }): number {
  const { src, fixed, piece } = input;
  fillFloats(engine, ADDRESS.absmax, piece.groups, 0);
  widenAbsmax(engine, src, piece);
  if (spec.symmetric) {
    if (fixed !== 0) engine.i32.fill(fixed, ADDRESS.zeroPoints / 4, ADDRESS.zeroPoints / 4 + piece.groups);
  } else {
    fillFloats(engine, ADDRESS.lows, piece.groups, Number.POSITIVE_INFINITY);
    fillFloats(engine, ADDRESS.highs, piece.groups, Number.NEGATIVE_INFINITY);
    widenMinMax(engine, src, piece);
  }
  return chooseScales(engine, spec, piece.groups);
}

function fillFloats(engine: Engine, address: number, count: number, value: number): void {
  engine.f32.fill(value, address / 4, address / 4 + count);
}
