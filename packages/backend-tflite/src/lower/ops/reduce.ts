import type { Node } from "@vlm-export/ir";
import { type Layout, storedAxis } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { identity } from "./view.js";
import {
  axisIn,
  elementsOf,
  formOf,
  inputOf,
  type Kernel,
  knownElements,
  type LowerNode,
  numberAttr,
  numbersAttr,
  outputOf,
} from "../node.js";

/** SUM's int8 kernels are wrong by up to 160 steps (measured), so sums are float. */
const reduceOps: ReadonlyMap<string, { readonly op: string; readonly kernel: Kernel }> = new Map<
  string,
  { readonly op: string; readonly kernel: Kernel }
>([
  ["GlobalAveragePool", { op: "MEAN", kernel: "free" }],
  ["GlobalMaxPool", { op: "REDUCE_MAX", kernel: "equal" }],
  ["ReduceMax", { op: "REDUCE_MAX", kernel: "equal" }],
  ["ReduceMean", { op: "MEAN", kernel: "free" }],
  ["ReduceMin", { op: "REDUCE_MIN", kernel: "equal" }],
  ["ReduceProd", { op: "REDUCE_PROD", kernel: "float" }],
  ["ReduceSum", { op: "SUM", kernel: "float" }],
]);

/** Reductions over known axes, in whatever layout the operand has. */
export const reduce: LowerNode = (lowering, node) => {
  const { op, kernel } = reduceOps.get(node.op) as { readonly op: string; readonly kernel: Kernel };
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf(kernel, [x], y);
  const { tensor, layout } = lowering.place(x, form);
  const axes = axesOf(lowering, node);
  if (axes.length === 0) return identity(lowering, node);
  const keepDims = node.op.startsWith("Global") || keepsDims(node);
  const stored = lowering.program.indices(axes.map((axis) => storedAxis(layout, axis)));
  const result = lowering.write(y, form, keepDims ? layout : withoutAxes(layout, axes));
  lowering.emit(op, [tensor, stored], [result], { kind: "ReducerOptions", keepDims });
};

/** The ops that {@link reduce} lowers. */
export const reduceNames: readonly string[] = [...reduceOps.keys()];

/** The axes that a reduction runs over; none where it does nothing. */
export function axesOf(lowering: Lowering, node: Node): readonly number[] {
  const rank = lowering.shape(inputOf(node, 0)).length;
  const all = Array.from({ length: rank }, (_, axis) => axis);
  if (node.op.startsWith("Global")) return all.slice(2);
  const given = numbersAttr(node, "axes") ?? (node.inputs[1] ? (elementsOf(node.inputs[1]) ?? knownElements(node, 1)) : []);
  if (given.length === 0 && numberAttr(node, "noop_with_empty_axes", 0) !== 0) return [];
  return given.length > 0 ? given.map((axis) => axisIn(axis, rank)) : all;
}

/** Whether a reduction leaves extents of 1. */
export function keepsDims(node: Node): boolean {
  return numberAttr(node, "keepdims", 1) !== 0;
}

/** The layout of what is left without these axes. */
export function withoutAxes(layout: Layout, axes: readonly number[]): Layout {
  const kept = layout.filter((axis) => !axes.includes(axis));
  const ordered = [...kept].sort((a, b) => a - b);
  return kept.map((axis) => ordered.indexOf(axis));
}
