import { elementCount, type GraphEditor, type Node, type Pass, type TensorData, type Value } from "@vlm-export/ir";
import { floatElements, floatTensor } from "./float-constant.js";
import { soleUser } from "./match.js";

/**
 * Conv, ConvTranspose or Gemm followed by BatchNormalization → the same op with W' = W·s and b' = (b − mean)·s + β,
 * s = γ / √(var + ε) per output channel; exact up to f32 rounding.
 */
export const foldBatchNorm: Pass = {
  name: "normalize/fold-batch-norm",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) if (node.op === "BatchNormalization") modified = fold(edit, node) || modified;
    return { modified };
  },
};

interface Affine {
  readonly factor: Float32Array;
  readonly shift: Float32Array;
}

function fold(edit: GraphEditor, norm: Node): boolean {
  const [x] = norm.inputs;
  const [output, ...training] = norm.outputs;
  const compute = x?.producer;
  const axis = compute && channelAxis(compute);
  if (!x || !output || axis === undefined || !compute || soleUser(x, edit.graph) !== norm || training.some(Boolean)) return false;
  const affine = affineOf(norm);
  const [data, weight, bias] = compute.inputs;
  const values = floatElements(weight);
  if (!affine || !data || !weight?.data || !values || affine.factor.length !== outputChannels(compute, weight.data)) return false;
  const old = bias ? floatElements(bias) : new Float32Array(affine.factor.length);
  if (!old || old.length !== affine.factor.length) return false;
  const scaled = floatTensor(
    weight.data.dtype,
    scaleAlong(values, { shape: weight.data.shape, axis, compute, factor: affine.factor }),
    weight.data.shape,
  );
  const shifted = affine.shift.map((beta, c) => (old[c] as number) * (affine.factor[c] as number) + beta);
  const newWeight = edit.addConstant(edit.freshName(`${weight.name}_folded`), scaled, undefined, weight.role);
  const newBias = edit.addConstant(
    edit.freshName(`${bias?.name ?? `${weight.name}_bias`}_folded`),
    floatTensor(weight.data.dtype, shifted, [shifted.length]),
  );
  const [fused] = edit.insert(compute.op, [data, newWeight, newBias], compute.attrs, {
    name: compute.name,
    origin: [...compute.origin, ...norm.origin],
    ...(compute.role !== undefined && { role: compute.role }),
  });
  if (fused) edit.replaceAllUses(output, fused);
  return fused !== undefined;
}

/** The weight's axis of output channels (within a group for ConvTranspose); undefined when the op cannot take a normalization. */
function channelAxis(compute: Node): number | undefined {
  if (compute.op === "Conv") return 0;
  if (compute.op === "ConvTranspose") return 1;
  const plain = (compute.attrs["alpha"] ?? 1) === 1 && (compute.attrs["beta"] ?? 1) === 1;
  if (compute.op === "Gemm" && plain) return compute.attrs["transB"] ? 0 : 1;
  return undefined;
}

function groupsOf(compute: Node): number {
  return compute.op === "ConvTranspose" ? Number(compute.attrs["group"] ?? 1) : 1;
}

function outputChannels(compute: Node, weight: TensorData): number {
  return (weight.shape[channelAxis(compute) ?? 0] ?? 0) * groupsOf(compute);
}

function affineOf(norm: Node): Affine | undefined {
  const [gamma, beta, mean, variance] = norm.inputs.slice(1).map((value: Value | null) => floatElements(value));
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = Number(norm.attrs["epsilon"] ?? 1e-5);
  const factor = gamma.map((g, c) => g / Math.sqrt((variance[c] as number) + epsilon));
  return { factor, shift: beta.map((b, c) => b - (mean[c] as number) * (factor[c] as number)) };
}

interface Scaling {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly compute: Node;
  readonly factor: Float32Array;
}

/** Multiplies every output channel by its factor; channels of a grouped ConvTranspose run over groups (axis 0) first. */
function scaleAlong(values: Float32Array, { shape, axis, compute, factor }: Scaling): Float32Array {
  const inner = elementCount(shape.slice(axis + 1));
  const extent = shape[axis] as number;
  const inputsPerGroup = (shape[0] as number) / groupsOf(compute);
  return values.map((value, i) => {
    const channel = Math.floor(i / inner) % extent;
    const group = axis === 1 ? Math.floor(Math.floor(i / (inner * extent)) / inputsPerGroup) : 0;
    return value * (factor[(groupsOf(compute) > 1 ? group * extent : 0) + channel] as number);
  });
}
