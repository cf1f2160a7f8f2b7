import type { TflitePadding } from "@vlm-export/formats/tflite";
import type { Node } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import { channelsLast, type Layout } from "../../layout.js";
import type { Lowering } from "../lowering.js";
import { inputOf, type LowerNode, numberAttr, numbersAttr, outputOf, textAttr } from "../node.js";
import { floatBias } from "./fully-connected.js";

/** Weights [in, out, h, w]: TRANSPOSE_CONV stores [out, h, w, in]. */
const weights: Layout = [1, 2, 3, 0];

/** ConvTranspose over height and width on real numbers: TRANSPOSE_CONV. */
export const convTranspose: LowerNode = (lowering, node) => {
  const [x, weight, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)];
  const strides = numbersAttr(node, "strides") ?? [1, 1];
  const padding = paddingOf(lowering, node, strides);
  const layout = channelsLast(4);
  const shape = layout.map((axis) => lowering.shape(y)[axis] ?? 1);
  const bias = floatBias(lowering, node);
  const inputs = [lowering.program.indices(shape), lowering.read(weight, "float", weights), lowering.read(x, "float", layout)];
  lowering.emit("TRANSPOSE_CONV", bias === undefined ? inputs : [...inputs, bias], [lowering.write(y, "float", layout)], {
    kind: "TransposeConvOptions",
    padding,
    strideH: strides[0] ?? 1,
    strideW: strides[1] ?? 1,
    fusedActivationFunction: "NONE",
    quantizedBiasType: "FLOAT32",
  });
};

/** The padding with which the kernel cuts off what the node does. Throws VX-LOWER-TFLITE-UNSUPPORTED when there is none. */
function paddingOf(lowering: Lowering, node: Node, strides: readonly number[]): TflitePadding {
  const dilated = (numbersAttr(node, "dilations") ?? []).some((dilation) => dilation !== 1);
  const isPlain = numberAttr(node, "group", 1) === 1 && !dilated && textAttr(node, "auto_pad", "NOTSET") === "NOTSET";
  if (!isPlain || numbersAttr(node, "output_shape"))
    throw lowerUnsupported(node.name, "ConvTranspose with groups, dilations or extents of its own");
  const [input = [], kernel = [], output = []] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)].map((value) =>
    lowering.shape(value).slice(2),
  );
  const axes = output.map((extent, axis) => {
    const stride = strides[axis] ?? 1;
    const cut = ((input[axis] ?? 1) - 1) * stride + (kernel[axis] ?? 1) - extent;
    const begin = numbersAttr(node, "pads")?.[axis] ?? 0;
    const isSame = input[axis] === Math.ceil(extent / stride) && begin === Math.floor(Math.max(cut, 0) / 2);
    return { isValid: begin === 0 && cut <= 0 && -cut < stride, isSame };
  });
  if (axes.every(({ isValid }) => isValid)) return "VALID";
  if (axes.every(({ isSame }) => isSame)) return "SAME";
  throw lowerUnsupported(node.name, "ConvTranspose with this padding");
}
