import { elementCount } from "@vlm-export/ir";
import type { Dim } from "@vlm-export/ir";
import { type Windows, windowExtents, windowsOf } from "./conv-shape.js";
import { opAttribute, opTooMuchWork } from "./errors.js";
import { checkMinRank } from "./extents.js";
import type { EvaluateCall, InferCall, Shape } from "./op-call.js";
import { type Tap, tapsOf } from "./window-walk.js";

/** Output shape of a pool over [N, C, D…]. Throws VX-OP-*. */
export function poolShape(call: InferCall): Shape {
  const shape = call.shape(0);
  const kernel = call.numbers("kernel_shape") ?? [];
  checkMinRank(call.op, "X", shape, 3);
  if (!shape) return call.freshShape(kernel.length + 2);
  const spatial = windowExtents(poolWindows(call, shape.length - 2), shape.slice(2), () => call.freshDim());
  return [shape[0] as Dim, shape[1] as Dim, ...spatial];
}

/** Most elements of a kernel, and most kernel elements that an evaluation visits. */
const MAX_WORK = 2 ** 24;

function poolWindows(call: InferCall | EvaluateCall, axes: number): Windows {
  const kernel = call.numbers("kernel_shape") ?? [];
  const size = elementCount(kernel);
  if (size > MAX_WORK) throw opAttribute(call.op, "kernel_shape", `[${kernel.join(", ")}]`, `at most ${MAX_WORK} elements`);
  if (kernel.length !== axes)
    throw opAttribute(call.op, "kernel_shape", `[${kernel.join(", ")}]`, `${axes} integers, one for each spatial axis`);
  return windowsOf(call, kernel);
}

function checkWork(call: EvaluateCall): void {
  const work = elementCount([...call.output().shape, ...(call.numbers("kernel_shape") ?? [])]);
  if (work > MAX_WORK) throw opTooMuchWork(call.op, work, MAX_WORK);
}

/** One window of one channel: flat indices of the input elements under it, and how many padding elements it covers. */
export interface PoolWindow {
  readonly inputs: readonly number[];
  readonly padding: number;
}

/** The pooled value of every output element, row-major; `plane` is the flat index of the channel's first element. */
export function poolWith(call: EvaluateCall, fold: (window: PoolWindow, plane: number) => number): Float64Array {
  const { shape } = call.data(0);
  const output = call.output().shape;
  const [inSize, outSize] = [shape, output].map((extents) => elementCount(extents.slice(2))) as [number, number];
  checkWork(call);
  const planes = (shape[0] as number) * (shape[1] as number);
  const out = new Float64Array(planes * outSize);
  let position = 0;
  for (const taps of tapsOf({ windows: poolWindows(call, shape.length - 2), input: shape.slice(2), output: output.slice(2) })) {
    const inside = taps.filter((tap: Tap) => tap.input >= 0).map((tap) => tap.input);
    for (let plane = 0; plane < planes; plane += 1) {
      const window = { inputs: inside.map((i) => plane * inSize + i), padding: taps.length - inside.length };
      out[plane * outSize + position] = fold(window, plane * inSize);
    }
    position += 1;
  }
  return out;
}
