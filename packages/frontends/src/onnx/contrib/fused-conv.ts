import type { Attrs } from "@vlm-export/ir";
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
    const [x = null, weight = null, bias, residual] = node.inputs;
    const name = textAttrOf(node, "activation", "");
    const activation = name === "" ? undefined : ACTIVATIONS.get(name)?.(floatsOf(node, "activation_params") ?? []);
    if (name !== "" && !activation) return false;
    const attrs = without(node, "activation", "activation_params");
    const operands = bias ? [x, weight, bias] : [x, weight];
    if (!residual && !activation) return void build.emit("Conv", operands, attrs);
    const conv = build.inner("Conv", operands, attrs);
    if (!activation) return void build.emit("Add", [conv, residual ?? null]);
    const sum = residual ? build.inner("Add", [conv, residual]) : conv;
    build.emit(activation.op, [sum, ...boundsOf(activation.bounds ?? [], node, build)], activation.attrs ?? {});
    return undefined;
  },
};

function boundsOf(bounds: readonly number[], node: SourceNode, build: NodeBuilder) {
  const dtype = node.inputs[0]?.type.dtype ?? "f32";
  return bounds.map((bound, i) => {
    const data = numbersTensor(dtype, [bound], []);
    if (!data) throw build.refuse(`elements of type ${dtype} have no bounds`);
    return build.constant(i === 0 ? "min" : "max", data);
  });
}
