type Address = number;

/** Names of code types that kernels exist for. */
export type CodeType = "I8" | "U8" | "I16" | "U16" | "I32";

type QuantizeRuns = (
  ...args: [
    src: Address,
    dst: Address,
    runs: number,
    runLength: number,
    scales: Address,
    zeroPoints: Address,
    period: number,
    qmin: number,
    qmax: number,
  ]
) => number;
type QuantizeRows = (
  ...args: [
    src: Address,
    dst: Address,
    rows: number,
    width: number,
    rowsPerScale: number,
    scales: Address,
    zeroPoints: Address,
    qmin: number,
    qmax: number,
  ]
) => number;
type DequantizeRuns = (
  ...args: [src: Address, dst: Address, runs: number, runLength: number, scales: Address, zeroPoints: Address, period: number]
) => void;
type DequantizeRows = (
  ...args: [src: Address, dst: Address, rows: number, width: number, rowsPerScale: number, scales: Address, zeroPoints: Address]
) => void;
type Convert = (src: Address, dst: Address, count: number) => void;
type Unpack = (src: Address, dst: Address, count: number, sign: number) => void;
type Transpose = (src: Address, dst: Address, rows: number, columns: number) => void;

type PerCodeType = Record<`quantizeRuns${CodeType}`, QuantizeRuns> &
  Record<`quantizeRows${CodeType}`, QuantizeRows> &
  Record<`dequantizeRuns${CodeType}`, DequantizeRuns> &
  Record<`dequantizeRows${CodeType}`, DequantizeRows>;

/** What build/kernels.wasm exports; contracts in the files of `assembly/`. */
export interface KernelExports extends PerCodeType {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly f16ToF32: Convert;
  readonly bf16ToF32: Convert;
  readonly f32ToF16: Convert;
  readonly f32ToBf16: Convert;
  readonly pack4: Convert;
  readonly pack2: Convert;
  readonly unpack4: Unpack;
  readonly unpack2: Unpack;
  readonly rangeOf: (...args: [src: Address, count: number, state: Address]) => void;
  readonly errorSums: (...args: [a: Address, b: Address, count: number, state: Address]) => void;
  readonly histogram: (
    ...args: [src: Address, count: number, lo: number, binsPerUnit: number, bins: number, tables: Address, extremes: Address]
  ) => number;
  readonly mergeTables: (...args: [bins: number, tables: Address, first: number, end: number]) => void;
  readonly absmaxRuns: (...args: [src: Address, out: Address, runs: number, runLength: number, period: number]) => void;
  readonly absmaxRows: (...args: [src: Address, out: Address, rows: number, width: number, rowsPerScale: number]) => void;
  readonly minMaxRuns: (...args: [src: Address, lows: Address, highs: Address, runs: number, runLength: number, period: number]) => void;
  readonly minMaxRows: (...args: [src: Address, lows: Address, highs: Address, rows: number, width: number, rowsPerScale: number]) => void;
  readonly symmetricScales: (...args: [absmax: Address, scales: Address, count: number, steps: number, dtype: number]) => number;
  readonly asymmetricScales: (
    ...args: [
      lows: Address,
      highs: Address,
      absmax: Address,
      scales: Address,
      zeroPoints: Address,
      count: number,
      qmin: number,
      qmax: number,
      dtype: number,
    ]
  ) => number;
  readonly nibbleRuns: (
    ...args: [
      src: Address,
      dst: Address,
      runs: number,
      runLength: number,
      scales: Address,
      zeroPoints: Address,
      qmin: number,
      qmax: number,
      signed: number,
    ]
  ) => void;
  readonly nibbleRows: (...args: [...Parameters<QuantizeRows>, signed: number]) => void;
  readonly reaches: (...args: [magnitudes: Address, count: number, limit: number]) => number;
  readonly squaredErrorRuns: (...args: Parameters<QuantizeRuns>) => void;
  readonly squaredErrorRows: (...args: Parameters<QuantizeRows>) => void;
  readonly transpose1: Transpose;
  readonly transpose2: Transpose;
  readonly transpose4: Transpose;
}
