import type { Floats, QParams } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS, type Region } from "./layout.js";
import type { Piece } from "./pieces.js";

/** Address of elements [start, start + count) of `x` as f32: in place when they already are, else copied or widened into `region`. */
export function stageFloats(engine: Engine, x: Floats, range: { start: number; count: number }, region: Region = "input"): number {
  const { start, count } = range;
  const at = ADDRESS[region];
  if (x instanceof Float32Array) {
    if (x.buffer === engine.f32.buffer) return x.byteOffset + start * 4;
    engine.f32.set(x.subarray(start, start + count), at / 4);
    return at;
  }
  const widen = x.dtype === "f16" ? engine.run.f16ToF32 : engine.run.bf16ToF32;
  widen(stageBits(engine, x.bits, start, count), at, count);
  return at;
}

function stageBits(engine: Engine, bits: Uint16Array, start: number, count: number): number {
  if (bits.buffer === engine.u16.buffer) return bits.byteOffset + start * 2;
  engine.u16.set(bits.subarray(start, start + count), ADDRESS.raw / 2);
  return ADDRESS.raw;
}

/** Copies the scales and zero points of `piece`; the address of the zero points, or 0 when there are none. */
export function stageQParams(engine: Engine, q: QParams, { group, groups }: Piece): number {
  engine.f32.set(q.scale.subarray(group, group + groups), ADDRESS.scales / 4);
  if (!q.zeroPoint) return 0;
  engine.i32.set(q.zeroPoint.subarray(group, group + groups), ADDRESS.zeroPoints / 4);
  return ADDRESS.zeroPoints;
}

/** Ranges [start, start + count) of at most `limit` elements that cover [0, total). */
export function* chunksOf(total: number, limit: number): Generator<{ start: number; count: number }> {
  for (let start = 0; start < total; start += limit) yield { start, count: Math.min(limit, total - start) };
}
