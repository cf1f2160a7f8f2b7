import type { Dim, Node } from "@vlm-export/ir";

/**
 * For each element of the kernel of a Conv, row-major: the share of output positions at which it lies on the input and not on the
 * padding. Undefined for other nodes and where the extents are not known.
 */
export function kernelShares(node: Node): Float64Array | undefined {
  const [x, weight, y] = [node.inputs[0], node.inputs[1], node.outputs[0]].map((value) => spatialExtents(value?.type.shape));
  if (node.op !== "Conv" || !x || !weight || !y) return undefined;
  const axes = weight.map((kernel, axis) => {
    const [stride, dilation] = [numberAt(node, "strides", axis, 1), numberAt(node, "dilations", axis, 1)];
    const window: Window = { kernel, stride, dilation, input: x[axis] as number, output: y[axis] as number };
    return sharesOf(window, padBegin(node, axis, window));
  });
  return Float64Array.from(axes.reduce<readonly number[]>((shares, own) => shares.flatMap((share) => own.map((s) => share * s)), [1]));
}

/** A window along one axis. */
interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly input: number;
  readonly output: number;
}

/** For each element along the axis: at how many of the outputs o is 0 ≤ o · stride + k · dilation − begin < input? */
function sharesOf({ kernel, stride, dilation, input, output }: Window, begin: number): readonly number[] {
  return Array.from({ length: kernel }, (_, k) => {
    const isInside = (o: number): boolean => {
      const at = o * stride + k * dilation - begin;
      return at >= 0 && at < input;
    };
    return Array.from({ length: output }, (__, o) => o).filter(isInside).length / Math.max(output, 1);
  });
}

function padBegin(node: Node, axis: number, { kernel, stride, dilation, input, output }: Window): number {
  const mode = node.attrs["auto_pad"] ?? "NOTSET";
  if (mode === "NOTSET") return numberAt(node, "pads", axis, 0);
  const total = Math.max((output - 1) * stride + (kernel - 1) * dilation + 1 - input, 0);
  return mode === "SAME_UPPER" ? Math.floor(total / 2) : mode === "SAME_LOWER" ? Math.ceil(total / 2) : 0;
}

function numberAt({ attrs }: Node, name: string, at: number, fallback: number): number {
  const list = attrs[name];
  return Array.isArray(list) ? Number(list[at] ?? fallback) : fallback;
}

function spatialExtents(shape: readonly Dim[] | undefined): readonly number[] | undefined {
  const extents = shape?.slice(2);
  return extents?.every((extent): extent is number => typeof extent === "number") ? extents : undefined;
}
