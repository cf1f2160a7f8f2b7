import type { Dim, OpDef } from "@vlm-export/ir";
import { elementCount } from "@vlm-export/ir";
import { axesOf } from "../axis.js";
import { oneOf } from "../conv-shape.js";
import { onnxOp } from "../define-op.js";
import { opExtent, opValue } from "../errors.js";
import type { EvaluateCall, InferCall, Shape } from "../op-call.js";
import { addDims } from "../shape-math.js";
import { integersOf } from "../small-tensor.js";
import { stridesOf, take } from "../take.js";

const MODES: ReadonlySet<string> = new Set(["constant", "reflect", "edge", "wrap"]);

/** ONNX Pad. Shares the input's qparams: the fill value must be representable in them (0 always is). */
export const pad: OpDef = onnxOp({
  name: "Pad",
  doc: "elements added before and after along each of `axes`; negative pads take away",
  since: 11,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => {
    oneOf(call, "mode", MODES);
    return [{ dtype: call.dtype(0), shape: paddedShape(call) }];
  },
  evaluate: (call) => {
    const data = call.data(0);
    const { shape } = call.output();
    const { begins } = staticPads(call, data.shape.length);
    const mode = call.text("mode");
    const fill = call.optional(2);
    const [from, to] = [stridesOf(data.shape), stridesOf(shape)];
    const picks = Int32Array.from({ length: elementCount(shape) }, (_, k) => {
      let index = 0;
      for (let i = 0; i < shape.length && index >= 0; i += 1) {
        const position = (Math.floor(k / (to[i] as number)) % (shape[i] as number)) - (begins[i] as number);
        const source = sourceOf(mode, position, data.shape[i] as number);
        index = source < 0 ? -1 : index + source * (from[i] as number);
      }
      return index;
    });
    return [take(data, shape, picks, mode === "constant" ? fill : undefined)];
  },
});

/** Where a padded position reads from, −1 for the fill value. */
function sourceOf(mode: string, position: number, extent: number): number {
  if (position >= 0 && position < extent) return position;
  if (mode === "constant") return -1;
  if (extent === 0) throw opExtent("Pad", "the extent that is padded", 0, `at least 1 in mode ${mode}`);
  if (mode === "edge") return position < 0 ? 0 : extent - 1;
  if (mode === "wrap") return ((position % extent) + extent) % extent;
  const period = Math.max(2 * (extent - 1), 1);
  const phase = ((position % period) + period) % period;
  return Math.min(phase, period - phase) % extent;
}

function paddedShape(call: InferCall): Shape {
  const shape = call.shape(0);
  if (!shape) return undefined;
  const pads = call.elements(1);
  const named = call.given(3) ? call.integers(3) : shape.map((_, i) => i);
  if (!pads || !named) return call.freshShape(shape.length);
  const axes = axesOf("Pad", named, shape.length);
  checkCount(pads.length, axes.length);
  return shape.map((extent, axis) => {
    const i = axes.indexOf(axis);
    return i < 0 ? extent : (paddedExtent(extent, pads[i] as Dim, pads[i + axes.length] as Dim) ?? call.freshDim());
  });
}

function paddedExtent(extent: Dim, begin: Dim, end: Dim): Dim | undefined {
  const total = addDims(begin, end);
  const padded = total === undefined ? undefined : addDims(extent, total);
  if (typeof padded === "number" && padded < 0) throw opExtent("Pad", "a padded extent", padded, "at least 0");
  return padded;
}

function checkCount(pads: number, axes: number): void {
  if (pads !== 2 * axes) throw opValue("Pad", "the number of pads", pads, `${2 * axes}, two for each axis`);
}

function staticPads(call: EvaluateCall, rank: number): { readonly begins: readonly number[] } {
  const named = call.optional(3);
  const axes = axesOf("Pad", named ? integersOf(named) : Array.from({ length: rank }, (_, i) => i), rank);
  const pads = integersOf(call.data(1));
  const begins = Array.from({ length: rank }, () => 0);
  axes.forEach((axis, i) => (begins[axis] = pads[i] as number));
  return { begins };
}
