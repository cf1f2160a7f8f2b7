import { elementCount, type GraphEditor, type Node, type TensorData, type Value } from "@vlm-export/ir";
import type { Affine } from "./affine.js";
import { finiteTensor, floatElements } from "./float-constant.js";
import { soleUser } from "./match.js";

/** A Conv, ConvTranspose or Gemm with a constant weight: where its output channels lie. */
export interface Layer {
  readonly node: Node;
  readonly output: Value;
  readonly weight: Value;
  readonly data: TensorData;
  /** Number of output channels, which lie on axis 1 of the output. */
  readonly channels: number;
  /** Rank of the output. */
  readonly rank: number;
  /** Output channel of the weight's element at a flat index. */
  channelOf(index: number): number;
}

/** The layer that makes `value`; undefined when `value` has other readers than `user` or the layer's weight is not constant. */
export function layerBefore(edit: GraphEditor, value: Value | null | undefined, user: Node): Layer | undefined {
  const node = value?.producer;
  const [, weight] = node?.inputs ?? [];
  const data = weight?.data;
  if (!node || !data || weight.type.quant || soleUser(value, edit.graph) !== user) return undefined;
  const channels = channelsOf(node, data);
  return channels && { node, output: value, weight, data, ...channels };
}

type Channels = Pick<Layer, "channels" | "rank" | "channelOf">;

function channelsOf(node: Node, { shape }: TensorData): Channels | undefined {
  const alongAxis = (axis: number): Channels => {
    const [channels, inner] = [shape[axis] ?? 0, elementCount(shape.slice(axis + 1))];
    return { channels, rank: shape.length, channelOf: (index) => Math.floor(index / inner) % channels };
  };
  if (node.op === "Conv") return alongAxis(0);
  if (node.op === "ConvTranspose") return transposedChannels(shape, Number(node.attrs["group"] ?? 1));
  if (node.op === "Gemm" && (node.attrs["alpha"] ?? 1) === 1 && (node.attrs["beta"] ?? 1) === 1)
    return alongAxis(node.attrs["transB"] ? 0 : 1);
  return undefined;
}

/** Weight [inputs, outputs per group, …]: the group follows from the input channel. */
function transposedChannels(shape: readonly number[], groups: number): Channels {
  const [inputs, perGroup] = [shape[0] ?? 0, shape[1] ?? 0];
  const inner = elementCount(shape.slice(2));
  const channelOf = (index: number): number => {
    const group = Math.floor(index / (inner * perGroup) / (inputs / groups));
    return group * perGroup + (Math.floor(index / inner) % perGroup);
  };
  return { channels: perGroup * groups, rank: shape.length, channelOf };
}

/**
 * Replaces layer and `after`, which computes `affine` of its output, by the layer with W' = W · factor and b' = b · factor + shift.
 * False when the bias is no constant per channel, or a result is no finite number in the weight's type.
 */
export function foldAffine(
  edit: GraphEditor,
  { layer, after, affine }: { readonly layer: Layer; readonly after: Node; readonly affine: Affine },
): boolean {
  const { node, weight, data, channels, channelOf } = layer;
  const bias = biasOf(node, channels);
  if (!bias || affine.factor.length !== channels) return false;
  const factor = (channel: number): number => affine.factor[channel] as number;
  const scaled = finiteTensor(
    data.dtype,
    data.shape,
    (floatElements(weight) ?? new Float64Array()).map((w, i) => w * factor(channelOf(i))),
  );
  const shifted = finiteTensor(
    data.dtype,
    [channels],
    affine.shift.map((shift, c) => (bias[c] as number) * factor(c) + shift),
  );
  if (!scaled || !shifted) return false;
  const biasName = node.inputs[2]?.name ?? `${weight.name}_bias`;
  const newWeight = edit.addConstant(edit.freshName(`${weight.name}_folded`), scaled);
  const newBias = edit.addConstant(edit.freshName(`${biasName}_folded`), shifted);
  const origin = [...node.origin, ...after.origin];
  const [folded] = edit.insert(node.op, [node.inputs[0] ?? null, newWeight, newBias], node.attrs, { name: node.name, origin });
  edit.replaceAllUses(after.outputs[0] as Value, folded as Value);
  return true;
}

/** The bias, one number per channel; zeros when there is none. */
function biasOf(node: Node, channels: number): Float64Array | undefined {
  const [, , bias] = node.inputs;
  if (!bias) return new Float64Array(channels);
  const values = floatElements(bias);
  const isRow = bias.type.shape?.at(-1) === channels && values?.length === channels;
  return isRow ? values : undefined;
}
