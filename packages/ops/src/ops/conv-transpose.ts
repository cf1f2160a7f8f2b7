import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { commonDtype } from "../binary.js";
import { kernelOf } from "../conv-operands.js";
import { windowsOf } from "../conv-shape.js";
import { transposedExtents, transposedPads } from "../conv-transpose-shape.js";
import { onnxOp } from "../define-op.js";
import { checkMinRank, checkRank, sameDim } from "../extents.js";
import type { EvaluateCall, InferCall, Shape } from "../op-call.js";
import { multiplyDims, numberOf, productOf } from "../shape-math.js";
import { numbersOf, tensorOf } from "../small-tensor.js";
import { flatIndex, positions } from "../window-walk.js";

/** ONNX ConvTranspose; W is [C, M/group, k…]. */
export const convTranspose: OpDef = onnxOp({
  name: "ConvTranspose",
  doc: "Y[n, m, p · stride − pad + k · dilation] += X[n, c, p] · W[c, m, k], plus B[m]",
  since: 1,
  quant: "compute",
  quantizable: ["activation", "weight", "bias"],
  infer: (call) => {
    const [x, w, b] = [call.shape(0), call.shape(1), call.shape(2)];
    checkMinRank("ConvTranspose", "X", x, 3);
    if (x) checkRank("ConvTranspose", "W", w, x.length);
    checkRank("ConvTranspose", "B", b, 1);
    if (x && w) sameDim("ConvTranspose", w[0] as Dim, x[1] as Dim, ["the number of channels of X", "W's extent 0"]);
    return [{ dtype: commonDtype(call), shape: outShape(call, x, w) }];
  },
  evaluate: (call) => {
    const { dtype, shape } = call.output();
    const sums = scatter(call, shape);
    const bias = call.optional(2);
    const b = bias && numbersOf(bias);
    const plane = elementCount(shape.slice(2));
    return [tensorOf(dtype, shape, b ? sums.map((sum, i) => sum + (b[Math.floor(i / plane) % b.length] as number)) : sums)];
  },
  macs: (call) => {
    const [x, w] = [call.shape(0), call.shape(1)];
    const kernel = kernelOf(call, w);
    return x && w && kernel ? numberOf(productOf([...x, w[1] as Dim, ...kernel])) : undefined;
  },
  weightAxes: (index) => (index === 1 ? { channel: 1, reduce: 0 } : undefined),
});

function outShape(call: InferCall, x: Shape, w: Shape): Shape {
  if (!x) return w && call.freshShape(w.length);
  const kernel = kernelOf(call, w);
  const channels = w && multiplyDims(w[1] as Dim, call.int("group"));
  const spatial = kernel ? transposedExtents(call, kernel, x.slice(2)) : call.freshShape(x.length - 2);
  return [x[0] as Dim, channels ?? call.freshDim(), ...spatial];
}

function scatter(call: EvaluateCall, shape: readonly number[]): Float64Array {
  const [x, w] = [call.data(0), call.data(1)];
  const [xs, ws] = [numbersOf(x), numbersOf(w)];
  const group = call.int("group");
  const [samples, inputs] = x.shape as readonly [number, number];
  const perGroup = w.shape[1] as number;
  const kernel = w.shape.slice(2);
  const windows = windowsOf(call, kernel);
  const begins = transposedPads(call, windows, x.shape.slice(2), shape.slice(2));
  const [inSize, outSize, kernelSize] = [x.shape, shape, w.shape].map((s) => elementCount(s.slice(2))) as [number, number, number];
  const out = new Float64Array(elementCount(shape));
  const offsets = positions(kernel);
  positions(x.shape.slice(2)).forEach((at, p) =>
    offsets.forEach((offset, k) => {
      const target = windows.axes.map(
        (axis, i) => (at[i] as number) * axis.stride - (begins[i] as number) + (offset[i] as number) * axis.dilation,
      );
      const to = flatIndex(target, shape.slice(2));
      if (to < 0) return;
      for (let plane = 0; plane < samples * inputs; plane += 1) {
        const c = plane % inputs;
        const first = (Math.floor(plane / inputs) * group + Math.floor(c / (inputs / group))) * perGroup;
        for (let m = 0; m < perGroup; m += 1) {
          const cell = (first + m) * outSize + to;
          out[cell] = (out[cell] as number) + (xs[plane * inSize + p] as number) * (ws[(c * perGroup + m) * kernelSize + k] as number);
        }
      }
    }),
  );
  return out;
}
