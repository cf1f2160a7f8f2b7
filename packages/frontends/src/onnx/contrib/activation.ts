import type { Attrs, Value } from "@vlm-export/ir";
import type { NodeBuilder, SourceNode } from "../rule.js";
import { numbersTensor } from "../scalar.js";

/** A step of a fused operator. */
export interface Step {
  readonly op: string;
  /** Operands after the result of the step before. */
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
}

interface Activation {
  readonly op: string;
  readonly attrs?: Attrs;
  readonly bounds?: readonly number[];
}

type FromParams = (params: readonly (number | undefined)[]) => Activation;

const ACTIVATIONS: ReadonlyMap<string, FromParams> = new Map<string, FromParams>([
  ["Relu", () => ({ op: "Relu" })],
  ["Tanh", () => ({ op: "Tanh" })],
  ["Sigmoid", () => ({ op: "Sigmoid" })],
  ["LeakyRelu", ([alpha = 0.01]) => ({ op: "LeakyRelu", attrs: { alpha } })],
  ["HardSigmoid", ([alpha = 0.2, beta = 0.5]) => ({ op: "HardSigmoid", attrs: { alpha, beta } })],
  ["Clip", (bounds) => ({ op: "Clip", bounds: bounds.filter((bound) => bound !== undefined) })],
]);

/** The steps of the activation that a fused operator names, none for ""; or the reason why there are none. Builds the constants that they read. */
export function activationSteps(
  name: string,
  params: readonly (number | undefined)[],
  node: SourceNode,
  build: NodeBuilder,
): readonly Step[] | string {
  if (name === "") return [];
  const activation = ACTIVATIONS.get(name)?.(params);
  if (!activation) return `its activation ${name} is not known`;
  const { op, attrs = {}, bounds = [] } = activation;
  const dtype = node.inputs[0]?.type.dtype ?? "unknown";
  const tensors = bounds.map((bound) => numbersTensor(dtype, [bound], []));
  if (tensors.includes(undefined)) return `elements of type ${dtype} have no bounds`;
  const inputs = tensors.flatMap((tensor, i) => (tensor ? build.constant(i === 0 ? "min" : "max", tensor) : []));
  return [{ op, inputs, attrs }];
}

/** Builds the steps one on the other; the last bears the results. */
export function buildSteps(steps: readonly Step[], build: NodeBuilder): void {
  let before: readonly Value[] = [];
  for (const [i, { op, inputs, attrs }] of steps.entries()) {
    const operands = [...before, ...inputs];
    before = [i < steps.length - 1 ? build.inner(op, operands, attrs) : build.emit(op, operands, attrs)];
  }
}
