import { elementCount, type Node, type Value } from "@vlm-export/ir";
import { codeOfDtype } from "@vlm-export/ops";
import { rankOf, trailingShape } from "./match.js";
import type { StandIn } from "./stand-in.js";

/** What the expansions of LayerNormalization and RMSNormalization share. */
export interface NormParts {
  readonly write: StandIn;
  /** The input in the type that the norm computes in: f32 for half precision. */
  readonly x: Value;
  /** Mean over the normalized axes, dimensions kept. */
  mean(value: Value): Value;
  /** √(mean(value²) + ε). */
  rootMeanSquare(value: Value): Value;
  /** `value` in the element type of `like`. */
  castLike(value: Value, like: Value): Value;
}

/** Undefined when an extent that is averaged over is not known. */
export function normParts(write: StandIn, node: Node, input: Value): NormParts | undefined {
  const shape = normalizedShape(node, input);
  if (!shape || elementCount(shape) === 0) return undefined;
  const to = (value: Value, dtype: Value["type"]["dtype"]): Value =>
    value.type.dtype === dtype ? value : write.op("Cast", [value], { to: codeOfDtype(dtype) as number });
  const isHalf = input.type.dtype === "f16" || input.type.dtype === "bf16";
  const x = isHalf ? to(input, "f32") : input;
  const axes = write.ints(...shape.map((_, i) => i - shape.length));
  const count = write.scalar(elementCount(shape), x.type.dtype);
  const epsilon = write.scalar(Number(node.attrs["epsilon"] ?? 1e-5), x.type.dtype);
  const mean = (value: Value): Value => write.op("Div", [write.op("ReduceSum", [value, axes]), count]);
  return {
    write,
    x,
    mean,
    rootMeanSquare: (value) => write.op("Sqrt", [write.op("Add", [mean(write.op("Mul", [value, value])), epsilon])]),
    castLike: (value, like) => to(value, like.type.dtype),
  };
}

/** Extents of the normalized axes: those of the input, or of a scale that varies along all of them. */
function normalizedShape(node: Node, input: Value): readonly number[] | undefined {
  const rank = rankOf(input);
  const axis = Number(node.attrs["axis"] ?? -1);
  const first = rank === undefined || axis < 0 ? axis : axis - rank;
  const known = trailingShape(input, first);
  const scale = node.inputs[1]?.data?.shape;
  return known ?? (scale?.length === -first && scale.every((extent) => extent > 1) ? scale : undefined);
}
