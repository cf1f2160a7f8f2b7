import type { Node, OpRegistry } from "@vlm-export/ir";

/** Where channels lie for a node that sums products over an axis of its input and of its weight. */
export interface ChannelAxes {
  /** Axis of the input whose channels are summed over; counted from the front. */
  readonly input: number;
  /** Axes of the weight: output channels, and the summed one. */
  readonly channel: number;
  readonly reduce: number;
  readonly weightRank: number;
  /** Groups of a convolution; else 1. */
  readonly groups: number;
}

/** The axes of Conv, Gemm and MatMul with a constant right operand; undefined for other nodes and where the rank is not known. */
export function axesOf(node: Node, ops: OpRegistry): ChannelAxes | undefined {
  const weight = ops.get(node.op)?.weightAxes?.(
    1,
    node.inputs.map((input) => input?.type ?? null),
    node.attrs,
  );
  const rank = node.inputs[0]?.type.shape?.length;
  if (!weight || rank === undefined) return undefined;
  const { groups, input } = inputAxis(node, rank);
  return { input, groups, ...weight, weightRank: node.op === "Conv" ? rank : 2 };
}

function inputAxis({ op, attrs }: Node, rank: number): { readonly input: number; readonly groups: number } {
  if (op === "Conv") return { input: 1, groups: typeof attrs["group"] === "number" ? attrs["group"] : 1 };
  return { input: op === "Gemm" && attrs["transA"] === 1 ? 0 : rank - 1, groups: 1 };
}
