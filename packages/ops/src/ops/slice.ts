import type { Dim, OpDef } from "@vlm-export/ir";
import { axesOf } from "../axis.js";
import { onnxOp } from "../define-op.js";
import { opValue } from "../errors.js";
import type { EvaluateCall, InferCall, Shape } from "../op-call.js";
import { sliceLength, staticRange } from "../slice-range.js";
import { integersOf } from "../small-tensor.js";
import { stridedIndices, stridesOf, take } from "../take.js";

/** ONNX Slice. */
export const slice: OpDef = onnxOp({
  name: "Slice",
  doc: "along each of `axes` every `steps`-th element from `starts` up to, not including, `ends`; negative positions count from the end",
  since: 10,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: call.dtype(0), shape: slicedShape(call) }],
  elements: (call) => {
    const [all, starts, ends] = [call.elements(0), call.integers(1), call.integers(2)];
    const steps = call.given(4) ? call.integers(4) : [1];
    if (!all || starts?.length !== 1 || ends?.length !== 1 || steps?.length !== 1 || call.shape(0)?.length !== 1) return undefined;
    const { start, length } = staticRange(all.length, starts[0] as number, ends[0] as number, checkedStep(steps[0] as number));
    return Array.from({ length }, (_, k) => all[start + k * (steps[0] as number)] as Dim);
  },
  evaluate: (call) => [cut(call)],
});

function slicedShape(call: InferCall): Shape {
  const shape = call.shape(0);
  const [starts, ends] = [call.elements(1), call.elements(2)];
  if (!shape) return undefined;
  const axes = axesFor(call, shape.length, starts?.length ?? ends?.length);
  if (!axes) return call.freshShape(shape.length);
  const steps = call.given(4) ? call.integers(4) : axes.map(() => 1);
  checkLengths(axes, { starts, ends, steps });
  return shape.map((extent, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return extent;
    const [start, end, step] = [starts?.[i], ends?.[i], steps?.[i]];
    if (start === undefined || end === undefined || step === undefined) return call.freshDim();
    return sliceLength({ extent, start, end, step: checkedStep(step) }) ?? call.freshDim();
  });
}

function axesFor(call: InferCall, rank: number, count: number | undefined): readonly number[] | undefined {
  const axes = call.given(3) ? call.integers(3) : count === undefined ? undefined : Array.from({ length: count }, (_, i) => i);
  return axes && axesOf("Slice", axes, rank);
}

function checkedStep(step: number): number {
  if (step === 0) throw opValue("Slice", "a step", 0, "a step other than 0");
  return step;
}

function checkLengths(axes: readonly number[], lists: Readonly<Record<string, readonly Dim[] | undefined>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (list && list.length !== axes.length)
      throw opValue("Slice", `the number of ${name}`, list.length, `${axes.length}, one for each axis`);
  }
}

function cut(call: EvaluateCall): ReturnType<typeof take> {
  const data = call.data(0);
  const { shape } = call.output();
  const [starts, ends] = [integersOf(call.data(1)), integersOf(call.data(2))];
  const [axesData, stepsData] = [call.optional(3), call.optional(4)];
  const axes = axesOf("Slice", axesData ? integersOf(axesData) : starts.map((_, i) => i), data.shape.length);
  const strides = stridesOf(data.shape);
  let offset = 0;
  axes.forEach((axis, i) => {
    const step = stepsData ? (integersOf(stepsData)[i] as number) : 1;
    const { start } = staticRange(data.shape[axis] as number, starts[i] as number, ends[i] as number, step);
    offset += start * (strides[axis] as number);
    strides[axis] = (strides[axis] as number) * step;
  });
  return take(data, shape, stridedIndices(shape, strides, offset));
}
