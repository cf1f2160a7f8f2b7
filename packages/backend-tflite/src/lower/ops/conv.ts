import type { TfliteActivation, TfliteOptions } from "@vlm-export/formats/tflite";
import { scaleValues } from "@vlm-export/backend-api";
import type { Node, Value } from "@vlm-export/ir";
import { channelsLast, type Layout } from "../../layout.js";
import { type Fusion, fusionOf, hasBiasScale } from "../fusion.js";
import { int32Bytes } from "../constant-bytes.js";
import type { Form, Lowering } from "../lowering.js";
import { inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";
import { type Window, padsBefore, windowOf } from "../window.js";
import { floatBias, hasIntegerOperands, integerBias } from "./fully-connected.js";
import { padZero } from "./pool.js";

/** Weights [out, in, h, w]: CONV_2D stores [out, h, w, in], DEPTHWISE_CONV_2D [1, h, w, out]. */
const convWeights: Layout = [0, 2, 3, 1];
const depthwiseWeights: Layout = [1, 2, 3, 0];

/** Conv over height and width: CONV_2D, or DEPTHWISE_CONV_2D where each group has one input channel. */
export const conv: LowerNode = (lowering, node) => {
  const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
  const fusion = integerFusion(lowering, node, x, weight);
  const form = fusion ? "integer" : "float";
  const options = optionsOf(lowering, node, fusion?.activation ?? "NONE");
  const layout = options.kind === "Conv2DOptions" ? convWeights : depthwiseWeights;
  const operands = {
    input: paddedInput(lowering, node, lowering.read(x, form, channelsLast(4)), convWindow(lowering, node)),
    kernel: lowering.read(weight, form, layout),
    bias: (fusion ? integerBias(lowering, fusion.bias) : floatBias(lowering, node)) ?? noBias(lowering, node, form),
    output: lowering.write(fusion?.output ?? outputOf(node), form, channelsLast(4)),
  };
  emitConv(lowering, operands, options);
  for (const absorbed of fusion?.absorbed ?? []) lowering.done.add(absorbed);
};

function convWindow(lowering: Lowering, node: Node): Window {
  const [x, weight, y] = [inputOf(node, 0), inputOf(node, 1), outputOf(node)].map((value) => lowering.shape(value).slice(2));
  return windowOf(node, weight ?? [], x ?? [], y ?? []);
}

function optionsOf(lowering: Lowering, node: Node, fusedActivationFunction: TfliteActivation): ConvOptions | DepthwiseOptions {
  const { padding, strides, dilations } = convWindow(lowering, node);
  const [channels, filters] = [lowering.shape(inputOf(node, 0))[1] ?? 1, lowering.shape(inputOf(node, 1))[0] ?? 1];
  const group = numberAttr(node, "group", 1);
  const steps = { padding, strideH: strides[0], strideW: strides[1], dilationHFactor: dilations[0], dilationWFactor: dilations[1] };
  if (group > 1 && group === channels)
    return { kind: "DepthwiseConv2DOptions", ...steps, depthMultiplier: filters / group, fusedActivationFunction };
  return { kind: "Conv2DOptions", ...steps, fusedActivationFunction, quantizedBiasType: "FLOAT32" };
}

interface ConvOperands {
  readonly input: number;
  readonly kernel: number;
  readonly bias: number;
  readonly output: number;
}

function emitConv(lowering: Lowering, { input, kernel, bias, output }: ConvOperands, options: ConvOptions | DepthwiseOptions): void {
  lowering.emit(options.kind === "Conv2DOptions" ? "CONV_2D" : "DEPTHWISE_CONV_2D", [input, kernel, bias], [output], options);
}

/** Zeros: the convolution kernels demand a bias. */
function noBias(lowering: Lowering, node: Node, form: Form): number {
  const [x, weight] = [inputOf(node, 0).type.quant, inputOf(node, 1).type.quant];
  const count = lowering.shape(inputOf(node, 1))[0] ?? 1;
  const zeros = { name: `${node.name}_bias`, shape: [count], data: int32Bytes(Array.from({ length: count }, () => 0)) };
  if (form === "float" || !x || !weight) return lowering.program.tensor({ ...zeros, type: "FLOAT32" });
  const scale = [...scaleValues(weight)].map((factor) => Math.fround(factor * (scaleValues(x)[0] ?? 1)));
  const quantization = { scale, zeroPoint: scale.map(() => 0), quantizedDimension: 0, min: [], max: [] };
  return lowering.program.tensor({ ...zeros, type: "INT32", quantization });
}

function integerFusion(lowering: Lowering, node: Node, x: Value, weight: Value): Fusion | undefined {
  const fusion = hasIntegerOperands(x, weight, 0) ? fusionOf(lowering.graph, node) : undefined;
  return fusion?.bias && !hasBiasScale(fusion.bias, x, weight) ? undefined : fusion;
}

function paddedInput(lowering: Lowering, node: Node, input: number, window: Window): number {
  return padsBefore(window) ? padZero(lowering, node, input, window) : input;
}

type ConvOptions = Extract<TfliteOptions, { readonly kind: "Conv2DOptions" }>;
type DepthwiseOptions = Extract<TfliteOptions, { readonly kind: "DepthwiseConv2DOptions" }>;
