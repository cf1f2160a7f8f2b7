import type { Node, Value } from "@vlm-export/ir";
import { storedAxis } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { axisIn, formOf, inputOf, knownElements, type LowerNode, numberAttr, outputOf } from "../node.js";

interface Span {
  readonly axis: number;
  readonly begin: number;
  readonly step: number;
}

/** Slice with known bounds: SLICE, or STRIDED_SLICE where a step is not 1. Extents are those of the result. */
export const slice: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  cut(lowering, x, y, spansOf(node, lowering.shape(x)));
};

/** Equal or unequal parts along one axis, each a SLICE. */
export const split: LowerNode = (lowering, node) => {
  const x = inputOf(node, 0);
  const axis = axisIn(numberAttr(node, "axis", 0), lowering.shape(x).length);
  let begin = 0;
  for (const y of node.outputs) {
    if (!y) continue;
    cut(lowering, x, y, [{ axis, begin, step: 1 }]);
    begin += lowering.shape(y)[axis] ?? 0;
  }
};

function spansOf(node: Node, shape: readonly number[]): readonly Span[] {
  const starts = knownElements(node, 1);
  const axes = node.inputs[3] ? knownElements(node, 3) : starts.map((_, i) => i);
  const steps = node.inputs[4] ? knownElements(node, 4) : starts.map(() => 1);
  return starts.map((start, i) => {
    const axis = axisIn(axes[i] ?? i, shape.length);
    const extent = shape[axis] ?? 1;
    const step = steps[i] ?? 1;
    const from = start < 0 ? start + extent : start;
    return { axis, begin: Math.min(Math.max(from, 0), step < 0 ? extent - 1 : extent), step };
  });
}

function cut(lowering: Lowering, x: Value, y: Value, spans: readonly Span[]): void {
  const form = formOf("moves", [x], y);
  const { tensor, layout } = lowering.place(x, form);
  const sizes = layout.map((axis) => lowering.shape(y)[axis] ?? 1);
  const begins = layout.map(() => 0);
  const steps = layout.map(() => 1);
  for (const { axis, begin, step } of spans) {
    begins[storedAxis(layout, axis)] = begin;
    steps[storedAxis(layout, axis)] = step;
  }
  const result = lowering.writeLike(y, form, layout, tensor);
  const { program } = lowering;
  if (steps.every((step) => step === 1)) {
    lowering.emit("SLICE", [tensor, program.indices(begins), program.indices(sizes)], [result], { kind: "SliceOptions" });
    return;
  }
  const ends = begins.map((begin, i) => begin + (sizes[i] ?? 1) * (steps[i] ?? 1));
  const open = ends.reduce((mask, end, i) => (end < 0 ? mask | (1 << i) : mask), 0);
  const inputs = [tensor, program.indices(begins), program.indices(ends), program.indices(steps)];
  const masks = { beginMask: 0, endMask: open, ellipsisMask: 0, newAxisMask: 0, shrinkAxisMask: 0, offset: false };
  lowering.emit("STRIDED_SLICE", inputs, [result], { kind: "StridedSliceOptions", ...masks });
}
