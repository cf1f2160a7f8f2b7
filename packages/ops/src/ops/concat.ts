import type { Dim, OpDef } from "@vlm-export/ir";
import { axisOf, axisView } from "../axis.js";
import { commonDtype } from "../binary.js";
import { onnxOp } from "../define-op.js";
import { opRank } from "../errors.js";
import { sameDim } from "../extents.js";
import type { InferCall, Shape } from "../op-call.js";
import { addDims } from "../shape-math.js";
import { takeFrom } from "../take.js";

/** ONNX Concat. */
export const concat: OpDef = onnxOp({
  name: "Concat",
  doc: "the inputs one after the other along `axis`; all share one set of qparams",
  since: 4,
  quant: "passthrough",
  quantizable: ["activation"],
  infer: (call) => [{ dtype: commonDtype(call), shape: joinedShape(call) }],
  elements: (call) => {
    const parts = call.inputs.map((input, i) => (input?.shape?.length === 1 ? call.elements(i) : undefined));
    return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
  },
  evaluate: (call) => {
    const { shape } = call.output();
    const axis = axisOf("Concat", call.int("axis"), shape.length);
    const parts = call.inputs.map((_, i) => call.data(i));
    const { inner, length } = axisView(shape, axis);
    const owners = parts.flatMap((part, source) => Array.from({ length: part.shape[axis] as number }, (_, at) => ({ source, at })));
    const owner = (k: number): { readonly source: number; readonly at: number } =>
      owners[Math.floor(k / inner) % length] as { source: number; at: number };
    return [
      takeFrom(parts, shape, {
        source: (k) => owner(k).source,
        index: (k) => {
          const { source, at } = owner(k);
          const outer = Math.floor(k / (inner * length));
          return (outer * (parts[source]?.shape[axis] as number) + at) * inner + (k % inner);
        },
      }),
    ];
  },
});

function joinedShape(call: InferCall): Shape {
  const shapes = call.inputs.map((_, i) => call.shape(i));
  const known = shapes.filter((shape) => shape !== undefined);
  const [first] = known;
  if (!first) return undefined;
  const axis = axisOf("Concat", call.int("axis"), first.length);
  for (const shape of known)
    if (shape.length !== first.length) throw opRank("Concat", "an input", shape.length, `rank ${first.length}, like the others`);
  const common = known.reduce((a, b) => a.map((extent, i) => (i === axis ? extent : sameDim("Concat", extent, b[i] as Dim, labels(i)))));
  return common.map((extent, i) => (i === axis ? (totalAlong(shapes, axis) ?? call.freshDim()) : extent));
}

const labels = (axis: number): readonly [string, string] => [`extent ${axis} of an input`, "that of the inputs before it"];

function totalAlong(shapes: readonly Shape[], axis: number): Dim | undefined {
  return shapes.reduce<Dim | undefined>((sum, shape) => (shape && sum !== undefined ? addDims(sum, shape[axis] as Dim) : undefined), 0);
}
