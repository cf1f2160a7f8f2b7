import { lengthOf } from "../floats.js";
import type { Floats } from "../kernels.js";
import type { Engine } from "./engine.js";
import { ADDRESS, CHUNK } from "./layout.js";
import { chunksOf, stageFloats } from "./staging.js";

/** As the oracle's toFloat32. */
export function toFloat32(engine: Engine, x: Floats): Float32Array {
  if (x instanceof Float32Array) return x.slice();
  const out = new Float32Array(lengthOf(x));
  for (const range of chunksOf(out.length, CHUNK)) {
    const at = stageFloats(engine, x, range) / 4;
    out.set(engine.f32.subarray(at, at + range.count), range.start);
  }
  return out;
}

/** As the oracle's toHalf. */
export function toHalf(engine: Engine, x: Float32Array, dtype: "f16" | "bf16"): Uint16Array {
  const out = new Uint16Array(x.length);
  const narrow = dtype === "f16" ? engine.run.f32ToF16 : engine.run.f32ToBf16;
  for (const range of chunksOf(x.length, CHUNK)) {
    narrow(stageFloats(engine, x, range), ADDRESS.codes, range.count);
    out.set(engine.u16.subarray(ADDRESS.codes / 2, ADDRESS.codes / 2 + range.count), range.start);
  }
  return out;
}
