import type { TflitePadding } from "@vlm-export/formats/tflite";
import type { Node } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import { channelsLast, type Layout } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { inputOf, type LowerNode, numberAttr, numbersAttr, outputOf, textAttr } from "../node.js";
import { floatBias } from "./fully-connected.js";

/** Weights [in, out, h, w]: TRANSPOSE_CONV stores [out, h, w, in]. */
const weights: Layout = [1, 2, 3, 0];

/** ConvTranspose over height and width on real numbers: TRANSPOSE_CONV, and a SLICE where the node cuts off what that cannot. */
export const convTranspose: LowerNode = (lowering, node) => {
  const [x, weight, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const strides = numbersAttr(node, "strides") ?? [1, 1];
  const { padding, begins, extents } = cutOf(lowering, node, strides);
  const layout = channelsLast(4);
  const [n = 1, channels = 1, ...cut] = lowering.shape(y);
  const whole = [n, ...extents, channels];
  const bias = floatBias(lowering, node);
  const inputs = [lowering.program.indices(whole), lowering.read(weight, "float", weights), lowering.read(x, "float", layout)];
  const isCut = String(extents) !== String(cut);
  const result = isCut ? lowering.scratch(`${node.name}_whole`, whole) : lowering.write(y, "float", layout);
  lowering.emit("TRANSPOSE_CONV", bias === undefined ? inputs : [...inputs, bias], [result], {
    kind: "TransposeConvOptions",
    padding,
    strideH: strides[0] ?? 1,
    strideW: strides[1] ?? 1,
    fusedActivationFunction: "NONE",
    quantizedBiasType: "FLOAT32",
  });
  if (!isCut) return;
  const bounds = [
    [0, ...begins, 0],
    [n, ...cut, channels],
  ].map((numbers) => lowering.program.indices(numbers));
  lowering.emit("SLICE", [result, ...bounds], [lowering.write(y, "float", layout)], { kind: "SliceOptions" });
};

interface Cut {
  readonly padding: TflitePadding;
  /** Rows and columns before the first one that is kept. */
  readonly begins: readonly number[];
  /** Extents that the kernel gives. */
  readonly extents: readonly number[];
}

/** What the kernel cuts off by itself and what is cut behind it. Throws VX-LOWER-TFLITE-UNSUPPORTED at a form that it does not compute. */
function cutOf(lowering: Lowering, node: Node, strides: readonly number[]): Cut {
  const dilated = (numbersAttr(node, "dilations") ?? []).some((dilation) => dilation !== 1);
  const isPlain = numberAttr(node, "group", 1) === 1 && !dilated && textAttr(node, "auto_pad", "NOTSET") === "NOTSET";
  if (!isPlain || numbersAttr(node, "output_shape"))
    throw lowerUnsupported(node.name, "ConvTranspose with groups, dilations or extents of its own");
  if (numbersAttr(node, "pads")?.some((pad) => pad < 0)) throw lowerUnsupported(node.name, "ConvTranspose with pads below 0");
  const [input = [], kernel = [], output = []] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)].map((value) =>
    lowering.shape(value).slice(2),
  );
  const axes = output.map((extent, axis) => {
    const stride = strides[axis] ?? 1;
    const full = ((input[axis] ?? 1) - 1) * stride + (kernel[axis] ?? 1);
    const begin = numbersAttr(node, "pads")?.[axis] ?? 0;
    const isSame = input[axis] === Math.ceil(extent / stride) && begin === Math.floor(Math.max(full - extent, 0) / 2);
    return { begin, extent: Math.max(full, begin + extent), isSame };
  });
  if (axes.every(({ isSame }) => isSame)) return { padding: "SAME", begins: [0, 0], extents: output };
  return { padding: "VALID", begins: axes.map(({ begin }) => begin), extents: axes.map(({ extent }) => extent) };
}
