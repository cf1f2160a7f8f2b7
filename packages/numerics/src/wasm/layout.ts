import { MAX_BINS } from "../histogram-range.js";
import { STAGE_LIMIT } from "../kernels.js";

/** Elements that one kernel call works on where the caller has a choice: 128 KiB of f32, so that a second pass finds them in L2. */
export const CHUNK: number = 32 * 1024;
/** Most elements that the input region holds. */
export const MAX_ELEMENTS: number = 1024 * 1024;
/** Most scales that one kernel call uses. */
export const MAX_GROUPS: number = 64 * 1024;

/** Vector kernels may read and write up to 15 bytes past the end of their data. */
const SLACK = 64;

/** Sizes of the regions in bytes, in address order. */
const SIZES: Readonly<Record<Region, number>> = {
  /** The caller's window. */
  stage: STAGE_LIMIT,
  /** f32 input or dequantized output. */
  input: MAX_ELEMENTS * 4,
  /** Codes, one i8, i16 or i32 each; the second f32 input; 16-bit output. */
  codes: MAX_ELEMENTS * 4,
  /** 16-bit input before widening. */
  raw: MAX_ELEMENTS * 2,
  packed: MAX_ELEMENTS / 2,
  scales: MAX_GROUPS * 4,
  zeroPoints: MAX_GROUPS * 4,
  absmax: MAX_GROUPS * 4,
  lows: MAX_GROUPS * 4,
  highs: MAX_GROUPS * 4,
  /** Four f64 sums per group. */
  lanes: MAX_GROUPS * 32,
  /** Four u32 histograms. */
  tables: MAX_BINS * 16,
  state: 256,
};

/** A region of the kernels' memory. */
export type Region =
  | "stage"
  | "input"
  | "codes"
  | "raw"
  | "packed"
  | "scales"
  | "zeroPoints"
  | "absmax"
  | "lows"
  | "highs"
  | "lanes"
  | "tables"
  | "state";

/** Address of every region; the first 64 KiB belong to the compiled module. */
export const ADDRESS: Readonly<Record<Region, number>> = addresses();

function addresses(): Readonly<Record<Region, number>> {
  const result = { ...SIZES };
  let next = 64 * 1024;
  for (const region of Object.keys(SIZES) as Region[]) {
    result[region] = next;
    next += SIZES[region] + SLACK;
  }
  return result;
}
