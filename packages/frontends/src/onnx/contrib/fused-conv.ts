import type { Attrs, Value } from "@vlm-export/ir";
import { floatsOf, textAttrOf, without } from "../read-attrs.js";
import type { NodeBuilder, NodeRule, SourceNode } from "../rule.js";
import { numbersTensor } from "../scalar.js";

type Activation = (params: readonly number[]) => { readonly op: string; readonly attrs?: Attrs; readonly bounds?: readonly number[] };

const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ["Relu", () => ({ op: "Relu" })],
  ["Tanh", () => ({ op: "Tanh" })],
  ["Sigmoid", () => ({ op: "Sigmoid" })],
  ["LeakyRelu", ([alpha = 0.01]) => ({ op: "LeakyRelu", attrs: { alpha } })],
  ["HardSigmoid", ([alpha = 0.2, beta = 0.5]) => ({ op: "HardSigmoid", attrs: { alpha, beta } })],
  ["Clip", (bounds) => ({ op: "Clip", bounds })],
]);

/** com.microsoft FusedConv: Conv, then the sum with a residual, then an activation. */
export const fusedConv: NodeRule = {
  op: "FusedConv",
  domain: "com.microsoft",
  convert(node, build) {
    const name = textAttrOf(node, "activation", "");
    const activation = ACTIVATIONS.get(name)?.(floatsOf(node, "activation_params") ?? []);
    if (name !== "" && !activation) return `its activation ${name} is not known`;
    const [x = null, weight = null, bias, residual] = node.inputs;
    const operands = bias ? [x, weight, bias] : [x, weight];
    const steps: Step[] = [{ op: "Conv", inputs: operands, attrs: without(node, "activation", "activation_params") }];
    if (residual) steps.push({ op: "Add", inputs: [residual], attrs: {} });
    if (activation)
      steps.push({ op: activation.op, inputs: boundsOf(activation.bounds ?? [], node, build), attrs: activation.attrs ?? {} });
    chain(steps, build);
    return undefined;
  },
};

interface Step {
  readonly op: string;
  /** Operands after the result of the step before. */
  readonly inputs: readonly (Value | null)[];
  readonly attrs: Attrs;
}

/** Builds the steps one on the other; the last bears the results. */
function chain(steps: readonly Step[], build: NodeBuilder): void {
  let before: readonly Value[] = [];
  for (const [i, { op, inputs, attrs }] of steps.entries()) {
    const operands = [...before, ...inputs];
    before = [i < steps.length - 1 ? build.inner(op, operands, attrs) : build.emit(op, operands, attrs)];
  }
}

function boundsOf(bounds: readonly number[], node: SourceNode, build: NodeBuilder) {
  const dtype = node.inputs[0]?.type.dtype ?? "f32";
  return bounds.map((bound, i) => {
    const data = numbersTensor(dtype, [bound], []);
    if (!data) throw build.refuse(`elements of type ${dtype} have no bounds`);
    return build.constant(i === 0 ? "min" : "max", data);
  });
}
