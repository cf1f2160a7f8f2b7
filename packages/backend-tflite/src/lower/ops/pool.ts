import type { TfliteOptions } from "@vlm-export/formats/tflite";
import { lowerUnsupported } from "../../errors.js";
import { channelsLast } from "../../layout.js";
import { LARGEST_FINITE, type Node } from "@vlm-export/ir";
import type { Lowering } from "../lowering.js";
import { formOf, inputOf, type LowerNode, numberAttr, numbersAttr, outputOf, textAttr } from "../node.js";
import { hasCeilMode, padsBefore, type Window, windowOf, withPadsBefore } from "../window.js";

/** Lowest numbers that a pad before MAX_POOL_2D can hold without ever winning. */
const lowestFloat = -LARGEST_FINITE.f32;
const lowestInt8 = -128;

/** MaxPool over height and width; padding that TFLite cannot do itself is put before it as lowest values. */
export const maxPool: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  if (node.outputs[1]) throw lowerUnsupported(node.name, "MaxPool with indices");
  const form = formOf("moves", [x], y);
  const window = poolWindow(lowering, node);
  const input = lowering.read(x, form, channelsLast(4));
  const padded = padsBefore(window) ? padLowest(lowering, node, input, window) : input;
  lowering.emit("MAX_POOL_2D", [padded], [lowering.writeLike(y, form, channelsLast(4), input)], poolOptions(window));
};

/** AveragePool over height and width; TFLite leaves padding out of the mean, so counted padding is put before it. */
export const averagePool: LowerNode = (lowering, node) => {
  const [x, y] = [inputOf(node, 0), outputOf(node)];
  const form = formOf("equal", [x], y);
  const counted = numberAttr(node, "count_include_pad", 0) !== 0;
  const own = poolWindow(lowering, node);
  const window = counted ? withPadsBefore(own) : own;
  if (padsBefore(window) && (!counted || hasCeilMode(node))) throw lowerUnsupported(node.name, "AveragePool with this padding");
  const input = lowering.read(x, form, channelsLast(4));
  const padded = padsBefore(window) ? padZero(lowering, node, input, window) : input;
  lowering.emit("AVERAGE_POOL_2D", [padded], [lowering.write(y, form, channelsLast(4))], poolOptions(window));
};

function poolWindow(lowering: Lowering, node: Node): Window {
  const [input, output] = [lowering.shape(inputOf(node, 0)).slice(2), lowering.shape(outputOf(node)).slice(2)];
  const window = windowOf(node, kernelOf(node, input, output), input, output);
  if (String(window.dilations) !== "1,1") throw lowerUnsupported(node.name, `${node.op} with dilations`);
  return window;
}

/** The kernel, cut to the input where its only window hangs over the end (ceil mode): what lies there is in no mean and no maximum. */
function kernelOf(node: Node, input: readonly number[], output: readonly number[]): readonly number[] {
  const isPadded = textAttr(node, "auto_pad", "NOTSET").startsWith("SAME") || numbersAttr(node, "pads")?.some((pad) => pad > 0);
  const kernel = numbersAttr(node, "kernel_shape") ?? [];
  return isPadded ? kernel : kernel.map((extent, axis) => (output[axis] === 1 ? Math.min(extent, input[axis] ?? extent) : extent));
}

function poolOptions({ padding, strides, kernel }: Window): TfliteOptions {
  return {
    kind: "Pool2DOptions",
    padding,
    strideH: strides[0],
    strideW: strides[1],
    filterHeight: kernel[0],
    filterWidth: kernel[1],
    fusedActivationFunction: "NONE",
  };
}

/** A tensor padded in height and width with zero (the zero point of integers). */
export function padZero(lowering: Lowering, node: Node, input: number, window: Window): number {
  const [paddings, result] = paddedTensor(lowering, node, input, window);
  lowering.emit("PAD", [input, paddings], [result], { kind: "PadOptions" });
  return result;
}

function padLowest(lowering: Lowering, node: Node, input: number, window: Window): number {
  const [paddings, result] = paddedTensor(lowering, node, input, window);
  const { type, quantization } = lowering.program.tensors[input] ?? {};
  const name = `${node.name}_lowest`;
  const fill =
    type === "INT8" && quantization
      ? lowering.program.tensor({
          name,
          type,
          shape: [1],
          quantization,
          data: { byteLength: 1, read: () => Uint8Array.of(lowestInt8 & 255) },
        })
      : lowering.floatConstant(name, [lowestFloat], [1]);
  lowering.emit("PADV2", [input, paddings, fill], [result], { kind: "PadV2Options" });
  return result;
}

function paddedTensor(lowering: Lowering, node: Node, input: number, { before }: Window): readonly [number, number] {
  const { shape = [], quantization } = lowering.program.tensors[input] ?? {};
  const [[top, bottom], [left, right]] = before;
  const [n = 1, h = 1, w = 1, c = 1] = shape;
  const paddings = lowering.program.indices([0, 0, top, bottom, left, right, 0, 0], [4, 2]);
  return [paddings, lowering.scratch(`${node.name}_padded`, [n, h + top + bottom, w + left + right, c], quantization)];
}
