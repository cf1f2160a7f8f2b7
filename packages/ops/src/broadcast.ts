import type { Dim } from "@vlm-export/ir";
import { opBroadcast } from "./errors.js";
import type { Shape } from "./op-call.js";
import { shapeText } from "./shape-math.js";
import { stridedIndices, stridesOf } from "./take.js";

interface Broadcaster {
  readonly op: string;
  freshDim(): string;
}

/** The common extent: equal ones stay, 1 gives way, a number beats a symbol (which must then be 1 or that number). Undefined = conflict. */
function commonExtent(a: Dim, b: Dim, freshDim: () => string): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === "number") return typeof b === "number" ? undefined : a;
  return typeof b === "number" ? b : freshDim();
}

/** Shape of the multidirectional broadcast; undefined when a rank is unknown. Throws VX-OP-BROADCAST. */
export function broadcastShapes(call: Broadcaster, shapes: readonly Shape[]): Shape {
  const known = shapes.filter((shape) => shape !== undefined);
  if (known.length < shapes.length) return undefined;
  return known.reduce<readonly Dim[]>((a, b) => {
    const rank = Math.max(a.length, b.length);
    return Array.from({ length: rank }, (_, i) => {
      const extent = commonExtent(a[i + a.length - rank] ?? 1, b[i + b.length - rank] ?? 1, () => call.freshDim());
      if (extent === undefined) throw opBroadcast(call.op, [shapeText(a), shapeText(b)]);
      return extent;
    });
  }, []);
}

/** Shape of the broadcast when it must be that of the first operand (unidirectional). Throws VX-OP-BROADCAST. */
export function broadcastOnto(call: Broadcaster, target: Shape, other: Shape): Shape {
  const result = target && other && broadcastShapes(call, [target, other]);
  if (!result) return target;
  const grows = result.length > target.length || result.some((extent, i) => typeof extent === "number" && target[i] === 1 && extent !== 1);
  if (grows) throw opBroadcast(call.op, [shapeText(target), shapeText(other)]);
  return target;
}

/** For each element of the row-major broadcast shape `target`: the flat index into a tensor of `shape`. */
export function broadcastIndices(shape: readonly number[], target: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  const lead = target.length - shape.length;
  return stridedIndices(
    target,
    target.map((_, i) => (i < lead || shape[i - lead] === 1 ? 0 : (strides[i - lead] as number))),
  );
}
