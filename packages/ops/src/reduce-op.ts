import type { Dim, OpDef } from "@vlm-export/ir";
import { axesOf } from "./axis.js";
import { type OpSpec, onnxOp } from "./define-op.js";
import { vectorLength } from "./extents.js";
import type { EvaluateCall, InferCall, Shape } from "./op-call.js";
import { bigintsOf, integersOf, isIntegerType, numbersOf, tensorOf, tensorOfBigints } from "./small-tensor.js";
import { stridedIndices, stridesOf } from "./take.js";

/** An op that folds the elements along some axes into one. */
export interface ReduceSpec extends Pick<OpSpec, "name" | "doc" | "since"> {
  readonly real: (values: readonly number[]) => number;
  /** Exact form for integer types; absent = `real`, rounded toward zero. */
  readonly integer?: (values: readonly bigint[]) => bigint;
  /** The fold of extents: shape arithmetic. */
  readonly dims?: (values: readonly Dim[]) => Dim | undefined;
}

/** Makes a reduction with its axes as second input. */
export function reduceOp({ name, doc, since, real, integer, dims }: ReduceSpec): OpDef {
  return onnxOp({
    name,
    doc,
    since,
    quant: "compute",
    quantizable: ["activation"],
    infer: (call) => [{ dtype: call.dtype(0), shape: reducedShape(call) }],
    ...(dims && { elements: (call: InferCall) => foldElements(call, dims) }),
    evaluate: (call) => {
      const data = call.data(0);
      const { dtype, shape } = call.output();
      const groups = groupsOf(call);
      if (integer && isIntegerType(dtype)) {
        const values = bigintsOf(data);
        return [
          tensorOfBigints(
            dtype,
            shape,
            groups.map((group) => integer(group.map((i) => values[i] as bigint))),
          ),
        ];
      }
      const values = numbersOf(data);
      return [
        tensorOf(
          dtype,
          shape,
          groups.map((group) => (dtype === "bool" ? truth : identity)(real(group.map((i) => values[i] as number)))),
        ),
      ];
    },
  });
}

const identity = (x: number): number => x;
/** Of no elements the greatest is −∞, false. */
const truth = (x: number): number => (x > 0 ? 1 : 0);

/** The axes to fold: all of them when none are named, unless noop_with_empty_axes. */
function resolveAxes(call: EvaluateCall | InferCall, axes: readonly number[], rank: number): readonly number[] {
  if (axes.length > 0) return axesOf(call.op, axes, rank);
  return call.int("noop_with_empty_axes") ? [] : Array.from({ length: rank }, (_, i) => i);
}

function reducedShape(call: InferCall): Shape {
  const shape = call.shape(0);
  const keep = call.int("keepdims") !== 0;
  const named = call.given(1) ? call.integers(1) : [];
  if (!shape) return undefined;
  if (!named) return unknownAxes(call, shape.length, keep);
  const axes = resolveAxes(call, named, shape.length);
  return keep ? shape.map((extent, i) => (axes.includes(i) ? 1 : extent)) : shape.filter((_, i) => !axes.includes(i));
}

function unknownAxes(call: InferCall, rank: number, keep: boolean): Shape {
  const count = vectorLength(call.shape(1));
  if (keep) return call.freshShape(rank);
  return count !== undefined && count > 0 && count <= rank ? call.freshShape(rank - count) : undefined;
}

/** The fold of a whole vector. */
function foldElements(call: InferCall, fold: (values: readonly Dim[]) => Dim | undefined): readonly Dim[] | undefined {
  const axes = call.given(1) ? call.integers(1) : [];
  const all = axes && resolveAxes(call, axes, call.shape(0)?.length ?? 0).length === 1;
  const elements = call.shape(0)?.length === 1 && all ? call.elements(0) : undefined;
  const folded = elements && fold(elements);
  return folded === undefined ? undefined : [folded];
}

/** For each output element: the flat indices of the elements that it folds. */
function groupsOf(call: EvaluateCall): readonly (readonly number[])[] {
  const { shape } = call.data(0);
  const named = call.optional(1);
  const axes = resolveAxes(call, named ? integersOf(named) : [], shape.length);
  const strides = stridesOf(shape);
  const rest = shape.map((_, i) => i).filter((i) => !axes.includes(i));
  const pick = (list: readonly number[], at: readonly number[]): number[] => at.map((i) => list[i] as number);
  const starts = stridedIndices(pick(shape, rest), pick(strides, rest));
  const members = stridedIndices(pick(shape, axes), pick(strides, axes));
  return Array.from(starts, (start) => Array.from(members, (offset) => start + offset));
}
