import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernels } from "./create-kernels.js";
import { byteLengthOf, integerRange } from "./dtype.js";
import type { Floats, IntegerType, QParams, ScaleSpec } from "./kernels.js";
import { createOracleKernels } from "./oracle/create-oracle-kernels.js";
import { elementCountOf, type QuantView, scaleCountOf } from "./view.js";

const wasm = createKernels();
const oracle = createOracleKernels();

/** f32 bit patterns: special values, ties and near-ties of small steps, subnormals, and anything. */
const floatBits = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -40, max: 40 }).map((n) => bitsOfFloat(n / 8)) },
  { weight: 4, arbitrary: fc.float({ noNaN: true, min: -300, max: 300 }).map(bitsOfFloat) },
  { weight: 2, arbitrary: fc.constantFrom(0, 0x80000000, 1, 0x80000001, 0x007fffff, 0x00800000, 0x7f7fffff, 0xff7fffff) },
  { weight: 1, arbitrary: fc.constantFrom(0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345, 0x7f800001) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
);
const finiteBits = floatBits.map((bits) => ((bits & 0x7f800000) === 0x7f800000 ? bits & 0x807fffff : bits));

/** Tensors of a length in any float type; half of them finite. */
function floatsOfLength(length: number): fc.Arbitrary<Floats> {
  const exactly = { minLength: length, maxLength: length };
  const f32 = fc
    .oneof(fc.array(floatBits, exactly), fc.array(finiteBits, exactly))
    .map((bits) => new Float32Array(Uint32Array.from(bits).buffer));
  return fc.oneof(
    f32,
    f32.map((x): Floats => ({ dtype: "f16", bits: oracle.toHalf(x, "f16") })),
    f32.map((x): Floats => ({ dtype: "bf16", bits: oracle.toHalf(x, "bf16") })),
  );
}

const small = fc.integer({ min: 0, max: 6 });
const extent = fc.oneof(small, fc.integer({ min: 0, max: 40 }));

const viewOf: fc.Arbitrary<QuantView> = fc.oneof(
  fc
    .integer({ min: 0, max: 200 })
    .map((axis): QuantView => ({ granularity: "tensor", outer: 1, axis, inner: 1, blockSize: Math.max(axis, 1) })),
  fc.tuple(small, extent, small).map(([outer, axis, inner]): QuantView => ({ granularity: "channel", outer, axis, inner, blockSize: 1 })),
  fc.tuple(small, small, extent).map(([outer, axis, inner]): QuantView => ({ granularity: "channel", outer, axis, inner, blockSize: 1 })),
  fc
    .tuple(small, extent, fc.oneof(fc.constant(1), small, extent), fc.integer({ min: 1, max: 36 }))
    .map(([outer, axis, inner, blockSize]): QuantView => ({ granularity: "block", outer, axis, inner, blockSize })),
);

const storages: readonly IntegerType[] = ["i32", "i16", "i8", "i4", "i2", "u16", "u8", "u4", "u2"];

function scaleSpecOf(view: QuantView): fc.Arbitrary<ScaleSpec> {
  return fc
    .record({
      storage: fc.constantFrom(...storages),
      symmetric: fc.boolean(),
      scaleDtype: fc.constantFrom("f32", "f16", "bf16"),
      width: fc.constantFrom("wide", "narrow"),
    })
    .map(({ storage, symmetric, scaleDtype, width }) => {
      return { view, storage, range: integerRange(storage, width), symmetric: symmetric || storage === "i32", scaleDtype };
    });
}

function qparamsOf(view: QuantView): fc.Arbitrary<QParams> {
  const count = scaleCountOf(view);
  const scales = fc.array(fc.oneof(fc.constantFrom(1, 0.25, 2 ** -14, 0), finiteBits.map(floatOfBits)), {
    minLength: count,
    maxLength: count,
  });
  return fc
    .tuple(fc.constantFrom(...storages), scales, fc.boolean(), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 2 }))
    .map(([storage, scale, free, ends]) => {
      const [lowest, highest] = integerRange(storage);
      const at = (part: number) => Math.round(lowest + part * (highest - lowest));
      const [a, b] = [at(ends[0] as number), at(ends[1] as number)];
      const zeroPoint = Int32Array.from({ length: count }, (_, i) => at(ends[i % ends.length] as number));
      const q = { view, storage, range: [Math.min(a, b), Math.max(a, b)] as const, scale: Float32Array.from(scale) };
      return free && storage !== "i32" ? { ...q, zeroPoint } : q;
    });
}

function bytesOf(q: QParams): fc.Arbitrary<Uint8Array> {
  const length = byteLengthOf(q.storage, elementCountOf(q.view));
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function bitsOfFloat(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

function floatOfBits(bits: number): number {
  return new Float32Array(Uint32Array.of(bits).buffer)[0] as number;
}

/** A law over random tensors, views and values, the special ones included. */
function law<T>(name: string, arbitrary: fc.Arbitrary<T>, check: (value: T) => void, numRuns = 200): void {
  test(name, () => {
    fc.assert(fc.property(arbitrary, check), { numRuns });
  });
}

const tensor = viewOf.chain((view) => floatsOfLength(elementCountOf(view)).map((x) => ({ view, x })));
const weights = tensor.chain(({ view, x }) => scaleSpecOf(view).map((spec) => ({ x, spec })));
const quantized = tensor.chain(({ view, x }) => qparamsOf(view).map((q) => ({ x, q })));
const pair = fc.integer({ min: 0, max: 300 }).chain((n) => fc.tuple(floatsOfLength(n), floatsOfLength(n)));
const anyFloats = fc.integer({ min: 0, max: 300 }).chain(floatsOfLength);

law("rangeOf gives the oracle's bits", anyFloats, (x) => {
  expect(wasm.rangeOf(x)).toEqual(oracle.rangeOf(x));
});

law("groupRanges gives the oracle's bits", tensor, ({ view, x }) => {
  const [actual, expected] = [wasm.groupRanges(x, view), oracle.groupRanges(x, view)];
  expect(actual.min).toEqual(expected.min);
  expect(actual.max).toEqual(expected.max);
  expect(actual.absmax).toEqual(expected.absmax);
});

law(
  "histograms give the oracle's counts and extremes",
  fc.tuple(anyFloats, fc.integer({ min: 1, max: 100 }), fc.double({ min: -10, max: 10, noNaN: true })),
  ([x, bins, lo]) => {
    const [actual, expected] = [wasm, oracle].map((kernels) => {
      const counts = new Float64Array(bins).fill(3);
      return { extremes: kernels.histogram(x, lo, lo + 7.3, counts), counts };
    });
    expect(actual).toEqual(expected);
  },
);

law(
  "computeScales gives the oracle's bits",
  weights,
  ({ x, spec }) => {
    expect(bits(wasm.computeScales(x, spec))).toEqual(bits(oracle.computeScales(x, spec)));
  },
  400,
);

law(
  "quantize gives the oracle's bits",
  quantized,
  ({ x, q }) => {
    expect(wasm.quantize(x, q)).toEqual(oracle.quantize(x, q));
  },
  400,
);

law(
  "quantizeWeights gives the oracle's bits",
  weights,
  ({ x, spec }) => {
    expect(bits(wasm.quantizeWeights(x, spec))).toEqual(bits(oracle.quantizeWeights(x, spec)));
  },
  400,
);

law(
  "dequantize gives the oracle's bits",
  viewOf.chain((view) => qparamsOf(view).chain((q) => bytesOf(q).map((bytes) => ({ bytes, q })))),
  ({ bytes, q }) => {
    expect(new Uint32Array(wasm.dequantize(bytes, q).buffer)).toEqual(new Uint32Array(oracle.dequantize(bytes, q).buffer));
  },
  400,
);

law(
  "groupErrors gives the oracle's bits",
  quantized,
  ({ x, q }) => {
    expect(wasm.groupErrors(x, q)).toEqual(oracle.groupErrors(x, q));
  },
  400,
);

law("errorSums gives the oracle's bits", pair, ([a, b]) => {
  expect(wasm.errorSums(a, b)).toEqual(oracle.errorSums(a, b));
});

law("conversions give the oracle's bits", anyFloats, (x) => {
  const [actual, expected] = [wasm.toFloat32(x), oracle.toFloat32(x)];
  expect(new Uint32Array(actual.buffer)).toEqual(new Uint32Array(expected.buffer));
  for (const dtype of ["f16", "bf16"] as const) expect(wasm.toHalf(actual, dtype)).toEqual(oracle.toHalf(expected, dtype));
});

law(
  "transpose gives the oracle's bytes and is its own inverse",
  fc.tuple(fc.integer({ min: 0, max: 140 }), fc.integer({ min: 0, max: 140 }), fc.constantFrom(1, 2, 4)),
  ([rows, columns, elementBytes]) => {
    const bytes = Uint8Array.from({ length: rows * columns * elementBytes }, (_, i) => i * 31);
    const transposed = wasm.transpose(bytes, { rows, columns, elementBytes });
    expect(same(transposed, oracle.transpose(bytes, { rows, columns, elementBytes }))).toBe(true);
    expect(same(wasm.transpose(transposed, { rows: columns, columns: rows, elementBytes }), bytes)).toBe(true);
  },
  25,
);

/** Views whose tensors need several kernel calls, cut rows, cut runs, and two passes. */
const largeViews: readonly QuantView[] = [
  { granularity: "tensor", outer: 1, axis: 100_003, inner: 1, blockSize: 100_003 },
  { granularity: "channel", outer: 1, axis: 3, inner: 33_001, blockSize: 1 },
  { granularity: "channel", outer: 50, axis: 300, inner: 9, blockSize: 1 },
  { granularity: "channel", outer: 40, axis: 1001, inner: 1, blockSize: 1 },
  { granularity: "channel", outer: 2, axis: 66_001, inner: 1, blockSize: 1 },
  { granularity: "block", outer: 160, axis: 224, inner: 1, blockSize: 32 },
  { granularity: "block", outer: 151, axis: 225, inner: 1, blockSize: 32 },
  { granularity: "block", outer: 1, axis: 64, inner: 1027, blockSize: 32 },
  { granularity: "block", outer: 2, axis: 70, inner: 401, blockSize: 32 },
  { granularity: "block", outer: 2, axis: 96, inner: 416, blockSize: 64 },
  { granularity: "block", outer: 1, axis: 3, inner: 66_001, blockSize: 2 },
  { granularity: "block", outer: 1, axis: 80_000, inner: 1, blockSize: 40_000 },
];

test.each(largeViews)("tensors of many pieces give the oracle's bits: %o", (view) => {
  const x = noise(elementCountOf(view));
  for (const storage of ["i4", "u8"] as const) {
    const spec: ScaleSpec = { view, storage, range: integerRange(storage, "narrow"), symmetric: storage !== "u8", scaleDtype: "f16" };
    const [actual, expected] = [wasm.quantizeWeights(x, spec), oracle.quantizeWeights(x, spec)];
    expect(same(actual.bytes, expected.bytes)).toBe(true);
    expect(same(actual.scale, expected.scale)).toBe(true);
    expect(actual.zeroPoint === undefined || same(actual.zeroPoint, expected.zeroPoint as Int32Array)).toBe(true);
    const q: QParams = {
      view,
      storage,
      range: spec.range,
      scale: expected.scale,
      ...(expected.zeroPoint ? { zeroPoint: expected.zeroPoint } : {}),
    };
    expect(same(wasm.dequantize(actual.bytes, q), oracle.dequantize(actual.bytes, q))).toBe(true);
    expect(same(wasm.groupErrors(x, q), oracle.groupErrors(x, q))).toBe(true);
  }
});

test.each([
  ["runs", { granularity: "block", outer: 3, axis: 320, inner: 1, blockSize: 64 }],
  ["rows", { granularity: "block", outer: 2, axis: 96, inner: 64, blockSize: 32 }],
  ["channels", { granularity: "channel", outer: 1, axis: 5, inner: 96, blockSize: 1 }],
] as const)("4-bit %s are packed at once as the oracle packs them, with huge and non-finite numbers too", (_, view) => {
  const special = [0, -0, 1e-42, 6e10, -8e10, 3e38, Number.POSITIVE_INFINITY, Number.NaN];
  const variants = fc.tuple(
    fc.constantFrom("i4", "u4"),
    fc.boolean(),
    fc.constantFrom("f32", "f16", "bf16"),
    fc.constantFrom("wide", "narrow"),
  );
  const values = fc.array(fc.tuple(fc.nat(), fc.constantFrom(...special)), { maxLength: 3 });
  fc.assert(
    fc.property(variants, values, fc.integer(), ([storage, symmetric, scaleDtype, width], put, seed) => {
      const x = noise(elementCountOf(view), seed);
      for (const [at, value] of put) x[at % x.length] = value;
      const spec: ScaleSpec = { view, storage, range: integerRange(storage, width), symmetric, scaleDtype };
      expect(wasm.quantizeWeights(x, spec)).toEqual(oracle.quantizeWeights(x, spec));
    }),
    { numRuns: 60 },
  );
});

test("whole-tensor statistics do not depend on the number of pieces", () => {
  const x = noise(100_003);
  const y = noise(100_003, 7);
  expect(wasm.rangeOf(x)).toEqual(oracle.rangeOf(x));
  expect(wasm.errorSums(x, y)).toEqual(oracle.errorSums(x, y));
  const counts = [wasm, oracle].map((kernels) => {
    const into = new Float64Array(2048);
    kernels.histogram(x, -3, 3, into);
    return into;
  });
  expect(counts[0]).toEqual(counts[1]);
});

test("arrays over the staging window are read in place", () => {
  const x = noise(5000);
  const window = wasm.stage(4 * 5000);
  const staged = new Float32Array(window.buffer, window.byteOffset, 5000);
  staged.set(x);
  expect(wasm.rangeOf(staged)).toEqual(oracle.rangeOf(x));
  const half = new Uint16Array(window.buffer, window.byteOffset, 5000);
  half.set(oracle.toHalf(x, "f16"));
  expect(wasm.toFloat32({ dtype: "f16", bits: half })).toEqual(oracle.toFloat32({ dtype: "f16", bits: oracle.toHalf(x, "f16") }));
});

test("rounding is half to even and saturates, as QuantizeLinear says", () => {
  const x = Float32Array.of(0.5, 1.5, 2.5, -0.5, -1.5, 1e30, -1e30, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 126.5, 127.5);
  const q: QParams = {
    view: { granularity: "tensor", outer: 1, axis: 11, inner: 1, blockSize: 11 },
    storage: "i8",
    range: [-128, 127],
    scale: Float32Array.of(1),
  };
  for (const kernels of [wasm, oracle]) {
    expect(Array.from(new Int8Array(kernels.quantize(x, q).bytes.buffer))).toEqual([0, 2, 2, 0, -2, 127, -128, 127, -128, 126, 127]);
  }
});

test("the vectors of the ONNX QuantizeLinear node tests", () => {
  const view: QuantView = { granularity: "tensor", outer: 1, axis: 6, inner: 1, blockSize: 6 };
  const q: QParams = { view, storage: "u8", range: [0, 255], scale: Float32Array.of(2), zeroPoint: Int32Array.of(128) };
  expect(Array.from(wasm.quantize(Float32Array.of(0, 2, 3, 1000, -254, -1000), q).bytes)).toEqual([128, 129, 130, 255, 1, 0]);
});

test("a NaN becomes qmin and is counted", () => {
  const view: QuantView = { granularity: "tensor", outer: 1, axis: 5, inner: 1, blockSize: 5 };
  const x = Float32Array.of(1, Number.NaN, 1, 1, Number.NaN);
  for (const kernels of [wasm, oracle]) {
    const { bytes, nanCount } = kernels.quantize(x, { view, storage: "u8", range: [1, 255], scale: Float32Array.of(1) });
    expect([Array.from(bytes), nanCount]).toEqual([[1, 1, 1, 1, 1], 2]);
  }
});

test("scales stay in the normal numbers of their type, and zeros get scale 1", () => {
  const view: QuantView = { granularity: "channel", outer: 1, axis: 4, inner: 2, blockSize: 1 };
  const x = Float32Array.of(0, -0, 1e-30, 0, 3e38, 0, 7, -3);
  const spec: ScaleSpec = { view, storage: "i4", range: [-7, 7], symmetric: true, scaleDtype: "f16" };
  expect(Array.from(wasm.computeScales(x, spec).scale)).toEqual([1, 2 ** -14, 65504, 1]);
});

test("a group with NaN or infinity is counted", () => {
  const view: QuantView = { granularity: "channel", outer: 1, axis: 3, inner: 2, blockSize: 1 };
  const x = Float32Array.of(0, Number.NaN, 1, 2, Number.NEGATIVE_INFINITY, 0);
  for (const symmetric of [true, false]) {
    const { nonFiniteGroups } = wasm.computeScales(x, { view, storage: "u8", range: [0, 255], symmetric, scaleDtype: "f32" });
    expect(nonFiniteGroups).toBe(2);
  }
});

test("arguments that do not fit together are named", () => {
  const view: QuantView = { granularity: "channel", outer: 1, axis: 2, inner: 2, blockSize: 1 };
  const q = { view, storage: "i8" as IntegerType, range: [-128, 127] as const, scale: new Float32Array(2).fill(1) };
  for (const kernels of [wasm, oracle]) {
    expect(() => kernels.quantize(new Float32Array(5), q)).toThrow("The tensor has 5 elements; expected 4.");
    expect(() => kernels.quantize(new Float32Array(4), { ...q, scale: new Float32Array(3) })).toThrow("scale has 3 elements; expected 2.");
    expect(() => kernels.quantize(new Float32Array(4), { ...q, range: [-129, 127] })).toThrow("[-129, 127] is not inside i8");
    expect(() => kernels.quantize(new Float32Array(4), { ...q, zeroPoint: Int32Array.of(0, 200) })).toThrow(
      "zeroPoint[1] = 200 is outside i8",
    );
    expect(() => kernels.quantize(new Float32Array(4), { ...q, zeroPoint: Int32Array.of(0) })).toThrow(
      "zeroPoint has 1 elements; expected 2.",
    );
    expect(() => kernels.dequantize(new Uint8Array(3), q)).toThrow("The byte array of 4 i8 codes has 3 elements; expected 4.");
    expect(() => kernels.computeScales(new Float32Array(4), { ...q, range: [0, 127], symmetric: true, scaleDtype: "f32" })).toThrow(
      "leaves no steps",
    );
    expect(() => kernels.histogram(new Float32Array(4), 1, 1, new Float64Array(8))).toThrow("no usable bin width");
    expect(() => kernels.errorSums(new Float32Array(4), new Float32Array(3))).toThrow("The second tensor has 3 elements; expected 4.");
    expect(() => kernels.transpose(new Uint8Array(4), { rows: 2, columns: 3, elementBytes: 1 })).toThrow("expected 6");
    expect(() => kernels.stage(2 ** 24)).toThrow("A staging window of 16777216 bytes");
    expect(() => kernels.groupRanges(new Float32Array(4), { ...view, inner: 1.5 })).toThrow("is malformed");
    const ranges = kernels.groupRanges(new Float32Array(4), view);
    const spec = { ...q, symmetric: true, scaleDtype: "f32" } as const;
    expect(() => kernels.scalesFromRanges({ ...ranges, max: new Float32Array(1) }, spec)).toThrow("max has 1 elements; expected 2.");
  }
});

function bits<T extends { scale: Float32Array }>(result: T): object {
  return { ...result, scale: new Uint32Array(result.scale.slice().buffer) };
}

function same(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return Buffer.compare(Buffer.from(a.buffer, a.byteOffset, a.byteLength), Buffer.from(b.buffer, b.byteOffset, b.byteLength)) === 0;
}

/** Reproducible values around 0 with a few large ones. */
function noise(count: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const unit = state / 2 ** 32 - 0.5;
    return unit * (state % 97 === 0 ? 40 : 2);
  });
}
