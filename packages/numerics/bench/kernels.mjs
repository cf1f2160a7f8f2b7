// Prints GB/s of input for every kernel on one thread, beside memcpy. Build first (npm run build).
// Usage: node bench/kernels.mjs [rows] [name part]; few rows (256) give stable numbers on a busy machine.
import { blockView, channelView, createKernels, integerRange, tensorView } from "../dist/index.js";

const kernels = createKernels();
const [rows, columns, only] = [Number(process.argv[2] ?? 2048), 4096, process.argv[3] ?? ""];
const count = rows * columns;
let state = 1;
const x = Float32Array.from({ length: count }, () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 32 - 0.5) * (state % 61 === 0 ? 0.4 : 0.04);
});
const y = x.map((value) => value * 1.001);
const half = { dtype: "f16", bits: kernels.toHalf(x, "f16") };
const brain = { dtype: "bf16", bits: kernels.toHalf(x, "bf16") };
const counts = new Float64Array(2048);
const target = new Float32Array(count);

const views = {
  tensor: tensorView(count),
  "channel axis 0": channelView([rows, columns], 0),
  "channel axis 1": channelView([rows, columns], 1),
  "block 32 axis 1": blockView([rows, columns], 1, 32),
  "block 32 axis 0": blockView([rows, columns], 0, 32),
};
const specOf = (storage, view, symmetric = true) => ({ storage, view, range: integerRange(storage, "narrow"), symmetric, scaleDtype: "f16" });

report("memcpy f32", x.byteLength, () => target.set(x));
for (const [name, view] of Object.entries(views)) {
  for (const storage of ["i4", "i8"]) report(`quantizeWeights ${storage} ${name}`, x.byteLength, () => kernels.quantizeWeights(x, specOf(storage, view)));
}
/** 2 MiB in the kernels' own memory: the form in which the pool's threads read files. */
const windowRows = 128;
const bytesOfWindow = kernels.stage(windowRows * columns * 4);
const window = new Float32Array(bytesOfWindow.buffer, bytesOfWindow.byteOffset, windowRows * columns);
window.set(x.subarray(0, window.length));
for (const axis of [1, 0]) {
  const spec = specOf("i4", blockView([windowRows, columns], axis, 32));
  report(`quantizeWeights i4 block 32 axis ${axis}, a window in place`, window.byteLength, () => kernels.quantizeWeights(window, spec));
}
report("quantizeWeights u4 asymmetric block 32 axis 1", x.byteLength, () => kernels.quantizeWeights(x, specOf("u4", views["block 32 axis 1"], false)));
report("quantizeWeights i4 block 32 axis 1, f16", half.bits.byteLength, () => kernels.quantizeWeights(half, specOf("i4", views["block 32 axis 1"])));
report("quantizeWeights i4 block 32 axis 1, bf16", brain.bits.byteLength, () => kernels.quantizeWeights(brain, specOf("i4", views["block 32 axis 1"])));
for (const storage of ["u8", "i16", "i2"]) {
  const spec = specOf(storage, views.tensor);
  const q = { ...spec, ...kernels.computeScales(x, spec) };
  report(`quantize ${storage} tensor`, x.byteLength, () => kernels.quantize(x, q));
}
for (const name of ["block 32 axis 1", "block 32 axis 0"]) {
  const q = { ...specOf("i4", views[name]) };
  const { bytes, scale } = kernels.quantizeWeights(x, q);
  report(`dequantize i4 ${name} (f32 out)`, x.byteLength, () => kernels.dequantize(bytes, { ...q, scale }));
  report(`groupErrors i4 ${name}`, x.byteLength, () => kernels.groupErrors(x, { ...q, scale }));
}
report("rangeOf", x.byteLength, () => kernels.rangeOf(x));
report("groupRanges block 32 axis 1", x.byteLength, () => kernels.groupRanges(x, views["block 32 axis 1"]));
report("histogram 2048", x.byteLength, () => kernels.histogram(x, -0.2, 0.2, counts));
report("errorSums (both inputs)", 2 * x.byteLength, () => kernels.errorSums(x, y));
report("f16 to f32 (f32 out)", x.byteLength, () => kernels.toFloat32(half));
report("f32 to f16", x.byteLength, () => kernels.toHalf(x, "f16"));
for (const elementBytes of [1, 2, 4]) {
  const bytes = new Uint8Array(x.buffer, 0, count * elementBytes);
  report(`transpose ${elementBytes}-byte elements`, bytes.length, () => kernels.transpose(bytes, { rows, columns, elementBytes }));
}

/** The best of the runs that fit into half a second. */
function report(name, byteLength, run) {
  if (!name.includes(only)) return;
  let best = Number.POSITIVE_INFINITY;
  run();
  for (const end = performance.now() + 500; performance.now() < end; ) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  console.log(`${(byteLength / best / 1e6).toFixed(2).padStart(6)} GB/s  ${name}`);
}
