import { elementCount } from "@vlm-export/ir";
import { opAxis, opAxisRepeated } from "./errors.js";

/** The non-negative form of `axis` of a tensor of `rank` dimensions. Throws VX-OP-AXIS. */
export function axisOf(op: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) throw opAxis(op, axis, rank);
  return axis < 0 ? axis + rank : axis;
}

/** The non-negative forms of `axes`, in their order. Throws VX-OP-AXIS or VX-OP-AXIS-REPEATED. */
export function axesOf(op: string, axes: readonly number[], rank: number): readonly number[] {
  const normal = axes.map((axis) => axisOf(op, axis, rank));
  if (new Set(normal).size !== normal.length) throw opAxisRepeated(op, axes);
  return normal;
}

/** A dense row-major tensor seen as [outer, length, inner] around one axis. */
export interface AxisView {
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** The three extents around `axis`. */
export function axisView(shape: readonly number[], axis: number): AxisView {
  return { outer: elementCount(shape.slice(0, axis)), length: shape[axis] ?? 1, inner: elementCount(shape.slice(axis + 1)) };
}

/** For every row along `axis` of a dense row-major tensor: the flat indices of its elements, in order. */
export function* rowsAlong(shape: readonly number[], axis: number): Generator<readonly number[]> {
  const { outer, length, inner } = axisView(shape, axis);
  for (let row = 0; row < outer * inner; row += 1) {
    const start = Math.floor(row / inner) * length * inner + (row % inner);
    yield Array.from({ length }, (_, k) => start + k * inner);
  }
}
