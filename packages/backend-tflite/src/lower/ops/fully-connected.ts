import type { TfliteActivation, TfliteOptions } from "@vlm-export/formats/tflite";
import { elementCount, type Node, type Value } from "@vlm-export/ir";
import { lowerUnsupported } from "../../errors.js";
import { type Layout, rowMajor, storedShape, transposed, withLast } from "../../layout.js";
import { type Fusion, fusionOf, hasBiasScale } from "../fusion.js";
import type { Lowering } from "../lowering.js";
import { inputOf, type LowerNode, numberAttr, outputOf } from "../node.js";
import { channelAxis, isIntegerActivation, isIntegerWeight, quantizationOf } from "../quantization.js";

/** x · W for a constant matrix W, in terms of FULLY_CONNECTED. */
export interface Product {
  readonly node: Node;
  readonly x: Value;
  /** The axis of x that the sum runs over. */
  readonly axis: number;
  readonly weight: Value;
  /** Layout that stores the weight as [out, in]. */
  readonly weightLayout: Layout;
  /** Layout of the result over the layout of x with `axis` last. */
  readonly resultLayout: (layout: Layout) => Layout;
}

/** MatMul by a constant matrix. */
export function matMulProduct(lowering: Lowering, node: Node): Product {
  const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
  return { node, x, axis: lowering.shape(x).length - 1, weight, weightLayout: [1, 0], resultLayout: (layout) => layout };
}

/** alpha · op(A) · op(B) + beta · C: with both 1 and one number per column in C, FULLY_CONNECTED alone. */
export const gemm: LowerNode = (lowering, node) => {
  const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
  const transA = numberAttr(node, "transA", 0) !== 0;
  const weightLayout = numberAttr(node, "transB", 0) === 0 ? [1, 0] : [0, 1];
  const resultLayout = (layout: Layout) => (transA ? transposed(layout, [1, 0]) : layout);
  const product: Product = { node, x, axis: transA ? 0 : 1, weight, weightLayout, resultLayout };
  if (isPlain(lowering, node)) fullyConnected(lowering, product);
  else scaledSum(lowering, product);
};

function isPlain(lowering: Lowering, node: Node): boolean {
  const columns = lowering.shape(outputOf(node))[1];
  const shape = node.inputs[2] ? lowering.shape(node.inputs[2]) : [columns ?? 1];
  const isBias = shape.length === 1 || node.inputs[2]?.type.quant?.storage === "i32";
  const areOnes = numberAttr(node, "alpha", 1) === 1 && numberAttr(node, "beta", 1) === 1;
  return areOnes && isBias && shape.at(-1) === columns && elementCount(shape) === columns;
}

/** Any Gemm on real numbers, step by step. */
function scaledSum(lowering: Lowering, product: Product): void {
  const { node, x, axis, weight, weightLayout } = product;
  const [y, c] = [outputOf(node), node.inputs[2]];
  const layout = withLast(lowering.layoutOf(x), axis);
  const target = product.resultLayout(layout);
  const scaled = (tensor: number, factor: "alpha" | "beta"): number => {
    const number = numberAttr(node, factor, 1);
    if (number === 1) return tensor;
    const result = lowering.scratchLike(tensor, `${node.name}_${factor}_scaled`);
    const operands = [tensor, lowering.floatConstant(`${node.name}_${factor}`, [number], [])];
    lowering.emit("MUL", operands, [result], { kind: "MulOptions", fusedActivationFunction: "NONE" });
    return result;
  };
  const sum = lowering.scratch(`${node.name}_product`, storedShape(lowering.shape(y), target));
  const operands = [lowering.read(x, "float", layout), lowering.read(weight, "float", weightLayout), -1];
  lowering.emit("FULLY_CONNECTED", operands, [sum], optionsOf("NONE"));
  const terms = [
    scaled(sum, "alpha"),
    c ? scaled(lowering.readBroadcast(c, "float", 2, target), "beta") : lowering.floatConstant(`${node.name}_c`, [0], []),
  ];
  lowering.emit("ADD", terms, [lowering.write(y, "float", target)], {
    kind: "AddOptions",
    fusedActivationFunction: "NONE",
    potScaleInt16: false,
  });
}

/**
 * FULLY_CONNECTED: on integers, with the bias and clamp behind it, when the int8 kernel computes just that; else on real
 * numbers with the weight dequantized in the graph.
 */
export function fullyConnected(lowering: Lowering, product: Product): void {
  const fusion = integerFusion(lowering, product);
  const { node, x, axis, weight, weightLayout } = product;
  const layout = withLast(lowering.layoutOf(x), axis);
  const form = fusion ? "integer" : "float";
  const input = lowering.read(x, form, layout);
  const matrix = lowering.read(weight, form, weightLayout);
  const output = fusion?.output ?? outputOf(node);
  const bias = fusion ? integerBias(lowering, fusion.bias) : floatBias(lowering, node);
  const result = lowering.write(output, form, product.resultLayout(layout));
  lowering.emit("FULLY_CONNECTED", [input, matrix, bias ?? -1], [result], optionsOf(fusion?.activation ?? "NONE"));
  for (const absorbed of fusion?.absorbed ?? []) lowering.done.add(absorbed);
}

function optionsOf(fusedActivationFunction: TfliteActivation): TfliteOptions {
  return {
    kind: "FullyConnectedOptions",
    fusedActivationFunction,
    weightsFormat: "DEFAULT",
    keepNumDims: true,
    asymmetricQuantizeInputs: false,
    quantizedBiasType: "FLOAT32",
  };
}

function integerFusion(lowering: Lowering, { node, x, weight, weightLayout }: Product): Fusion | undefined {
  if (!hasIntegerOperands(x, weight, weightLayout[0] ?? 0)) return undefined;
  const fusion = fusionOf(lowering.graph, node);
  return fusion?.bias && !hasBiasScale(fusion.bias, x, weight) ? undefined : fusion;
}

/** True when an int8 kernel takes both: the weight symmetric, with scales along its output channels only. */
export function hasIntegerOperands(x: Value, weight: Value, channel: number): boolean {
  const { quant } = weight.type;
  if (!quant || !isIntegerActivation(x) || !isIntegerWeight(weight)) return false;
  const axis = channelAxis(quant);
  const { zeroPoint } = quantizationOf(quant, rowMajor(0));
  return (axis === undefined || axis === channel) && zeroPoint.every((point) => point === 0);
}

/** The int32 bias as one axis; undefined = none. */
export function integerBias(lowering: Lowering, bias: Value | undefined): number | undefined {
  if (!bias) return undefined;
  const count = elementCount(lowering.shape(bias));
  return lowering.constantAs(bias, [count], 0);
}

/** The bias operand of a Gemm or Conv as real numbers on one axis; undefined = none. */
export function floatBias(lowering: Lowering, node: Node): number | undefined {
  const bias = node.inputs[2];
  if (!bias) return undefined;
  const shape = lowering.shape(bias);
  if (shape.length !== 1) throw lowerUnsupported(node.name, `${node.op} with a bias of ${shape.length} axes on real numbers`);
  return lowering.read(bias, "float");
}
