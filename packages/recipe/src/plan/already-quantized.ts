import { type Node, outputsOf, type Value } from "@vlm-export/ir";
import { CLAMPS, sharesQparams } from "./demands.js";
import type { Exemptions } from "./exemptions.js";
import type { NodeView } from "./node-view.js";
import { edgeKey } from "./plan-weights.js";
import type { Readers } from "./readers.js";

const QUANTIZE: ReadonlySet<string> = new Set(["QuantizeLinear", "com.microsoft::QuantizeLinear", "DynamicQuantizeLinear"]);
const DEQUANTIZE: ReadonlySet<string> = new Set(["DequantizeLinear", "com.microsoft::DequantizeLinear"]);
const INTEGER_PRODUCTS: ReadonlySet<string> = new Set(["ConvInteger", "MatMulInteger"]);

/**
 * Exempts the values that a source model has in integers already: what DequantizeLinear gives and what feeds a QuantizeLinear, also
 * through operators that only move elements (or clamp, before a QuantizeLinear), and the sums and scales of integer products. A
 * second pair of quantizers with other qparams would round them twice.
 */
export function exemptQuantized(views: ReadonlyMap<Node, NodeView>, readers: Readers, exemptions: Exemptions): void {
  const scales = new Set<Value>();
  for (const view of views.values()) {
    const { node } = view;
    if (isScale(node, scales)) for (const value of outputsOf(node)) scales.add(value);
    const input = movedInput(view);
    const isKept = isDequantize(node) || isIntegerSum(node) || (input !== undefined && exemptions.values.has(input));
    for (const value of outputsOf(node)) if (isKept || scales.has(value)) exemptions.keep(value, "already quantized", readers);
  }
  exemptBeforeQuantize([...views.values()].toReversed(), readers, exemptions);
}

/** Of values that feed a QuantizeLinear only the definition is exempt: what else reads them reads a float. `views` from last to first. */
function exemptBeforeQuantize(views: readonly NodeView[], readers: Readers, exemptions: Exemptions): void {
  const quantizedLater = new Set<Value>();
  for (const view of views) {
    const { op, inputs, outputs } = view.node;
    const [input] = inputs;
    if (!input) continue;
    if (QUANTIZE.has(op)) quantizedLater.add(input);
    const isOnTheWay = outputs.some((value) => value && quantizedLater.has(value)) && readers.of(input).length === 1;
    if (!isOnTheWay || (!CLAMPS.has(op) && movedInput(view) !== input)) continue;
    quantizedLater.add(input);
    exemptions.edges.add(edgeKey(view.node, 0));
  }
  for (const value of quantizedLater) if (!exemptions.values.has(value)) exemptions.values.set(value, "already quantized");
}

/** True for an operator that gives the real numbers that integers of the model stand for. */
export function isDequantize({ op }: Node): boolean {
  return DEQUANTIZE.has(op);
}

/** The sum of an integer product as a float, which its scale is still to be multiplied with. */
function isIntegerSum({ op, inputs: [input] }: Node): boolean {
  return op === "Cast" && input?.producer !== undefined && INTEGER_PRODUCTS.has(input.producer.op);
}

/** Scales that come from the data at run time, alone or times the scale of a weight. */
function isScale({ op, inputs }: Node, scales: ReadonlySet<Value>): boolean {
  const isProduct = op === "Mul" && inputs.some((value) => value && scales.has(value));
  return op === "DynamicQuantizeLinear" || (isProduct && inputs.every((value) => value && (value.data || scales.has(value))));
}

/** The only operand of an operator that gives out its elements unchanged. */
function movedInput(view: NodeView): Value | undefined {
  const [operand, ...others] = view.operands;
  return sharesQparams(view) && view.node.op !== "Resize" && others.length === 0 && operand?.kind === "activation"
    ? operand.value
    : undefined;
}
