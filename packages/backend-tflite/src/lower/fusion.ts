import type { TfliteActivation } from "@vlm-export/formats/tflite";
import { scaleValues } from "@vlm-export/backend-api";
import { elementCount, type Graph, type Node, staticShape, type Value } from "@vlm-export/ir";
import { soleUser } from "@vlm-export/passes";
import { clipBounds } from "./ops/activation.js";
import { isIntegerActivation } from "./quantization.js";

/** What one integer kernel computes: the sum of products, its bias, its clamp. */
export interface Fusion {
  readonly bias: Value | undefined;
  readonly activation: TfliteActivation;
  readonly output: Value;
  /** The nodes behind the head that it takes in. */
  readonly absorbed: readonly Node[];
}

/**
 * The chain behind a Conv, Gemm or MatMul up to the first quantized value: values in between stay real numbers in the graph,
 * so one kernel that rounds once computes the same function. Undefined when the chain ends in a real number, or has anything
 * but one int32 bias and one clamp.
 */
export function fusionOf(graph: Graph, head: Node): Fusion | undefined {
  let chain: Chain = { bias: head.inputs[2] ?? undefined, activation: "NONE", output: head.outputs[0] ?? undefined, absorbed: [] };
  while (chain.output && !chain.output.type.quant) {
    const next = extended(graph, head, chain);
    if (!next) return undefined;
    chain = next;
  }
  const { output } = chain;
  return isIntegerActivation(output) ? { ...chain, output } : undefined;
}

type Chain = Omit<Fusion, "output"> & { readonly output: Value | undefined };

/** The chain with its only reader, when that is a bias (before any clamp) or a clamp. */
function extended(graph: Graph, head: Node, { bias, activation, output, absorbed }: Chain): Chain | undefined {
  const user = soleUser(output, graph);
  if (!output || !user || activation !== "NONE") return undefined;
  const added = bias || head.op.startsWith("Conv") ? undefined : biasOf(user, output);
  const clamp = clampOf(user);
  if (!added && !clamp) return undefined;
  return { bias: bias ?? added, activation: clamp ?? activation, output: user.outputs[0] ?? undefined, absorbed: [...absorbed, user] };
}

/** The int32 constant that an Add puts on `sum`, one number per index of the last axis. */
function biasOf(node: Node, sum: Value): Value | undefined {
  const other = node.inputs[0] === sum ? node.inputs[1] : node.inputs[0];
  if (node.op !== "Add" || !other?.data || other.type.quant?.storage !== "i32") return undefined;
  const [shape, sumShape] = [staticShape(other.type) ?? [], staticShape(sum.type) ?? []];
  const channels = sumShape.at(-1);
  const isVector = shape.at(-1) === channels && elementCount(shape) === channels;
  return isVector && shape.length <= sumShape.length ? other : undefined;
}

function clampOf(node: Node): TfliteActivation | undefined {
  if (node.op === "Relu") return "RELU";
  if (node.op !== "Clip" || node.inputs.slice(1).some((bound) => bound && (!bound.data || bound.type.quant))) return undefined;
  const { low, high } = clipBounds(node);
  if (low !== 0) return undefined;
  return high === 6 ? "RELU6" : high === Number.POSITIVE_INFINITY ? "RELU" : undefined;
}

/** True when the bias's scales are those that int8 kernels take for granted: scale of x · scale of w, per channel or one for all. */
export function hasBiasScale(bias: Value, x: Value, weight: Value): boolean {
  const [biasQuant, inputQuant, weightQuant] = [bias.type.quant, x.type.quant, weight.type.quant];
  if (!biasQuant || !inputQuant || !weightQuant || biasQuant.storage !== "i32") return false;
  const [scales, [inputScale = 0], weightScales] = [scaleValues(biasQuant), scaleValues(inputQuant), scaleValues(weightQuant)];
  if (scales.length !== weightScales.length && weightScales.length !== 1) return false;
  return scales.every((scale, i) => {
    const expected = inputScale * (weightScales[weightScales.length === 1 ? 0 : i] ?? 0);
    return Math.abs(scale - expected) <= expected * 2 ** -20;
  });
}
