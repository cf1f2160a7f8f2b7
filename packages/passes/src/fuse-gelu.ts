import type { Graph, Node, Pass, Value } from "@vlm-export/ir";
import { bothOrders, constantNear, isNear, producerOf } from "./match.js";
import { cofactor, productOf } from "./product.js";

/** Exporters round constants; f16 models keep three digits. */
const TOLERANCE = 2e-3;

/**
 * 0.5·x·(1 + erf(x/√2)) → Gelu; 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) → Gelu approximate="tanh" (Hendrycks & Gimpel,
 * arXiv 1606.08415). Any order of factors. Dead nodes fall to normalize/remove-dead.
 */
export const fuseGelu: Pass = {
  name: "normalize/fuse-gelu",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const match = edit.isLive(node) ? matchGelu(node, edit.graph) : undefined;
      const [output] = node.outputs;
      if (!match || !output) continue;
      const [fused] = edit.insert("Gelu", [match.x], { approximate: match.approximate });
      if (fused) edit.replaceAllUses(output, fused);
      modified = true;
    }
    return { modified };
  },
};

interface GeluMatch {
  readonly x: Value;
  readonly approximate: "none" | "tanh";
}

function matchGelu(node: Node, graph: Graph): GeluMatch | undefined {
  const [output] = node.outputs;
  if ((node.op !== "Mul" && node.op !== "Div") || !output) return undefined;
  const product = productOf(output, graph);
  if (product.factors.length !== 2 || !isNear(product.constant, 0.5, TOLERANCE)) return undefined;
  for (const x of product.factors) {
    const gate = producerOf(cofactor(product, x), "Add");
    const approximate = gate && gateOf(gate, x, graph);
    if (approximate) return { x, approximate };
  }
  return undefined;
}

/** Which gate `1 + f(x)` is. */
function gateOf(add: Node, x: Value, graph: Graph): GeluMatch["approximate"] | undefined {
  for (const [inner, one] of bothOrders(add)) {
    if (!constantNear(one, 1, TOLERANCE)) continue;
    const erf = producerOf(inner, "Erf")?.inputs[0];
    if (erf && isScaled(erf, x, Math.SQRT1_2, graph)) return "none";
    const tanh = producerOf(inner, "Tanh")?.inputs[0];
    if (tanh && isTanhArgument(tanh, x, graph)) return "tanh";
  }
  return undefined;
}

function isScaled(value: Value, x: Value, factor: number, graph: Graph): boolean {
  const product = productOf(value, graph);
  return product.factors.length === 1 && product.factors[0] === x && isNear(product.constant, factor, TOLERANCE);
}

/** √(2/π) · (x + 0.044715·x³), with the cube written in any way, or x·(1 + 0.044715·x²). */
function isTanhArgument(value: Value, x: Value, graph: Graph): boolean {
  const product = productOf(value, graph);
  if (!isNear(product.constant, Math.sqrt(2 / Math.PI), TOLERANCE)) return false;
  if (product.factors.length === 1) return isPolynomial(product.factors[0], (rest) => rest === x, { x, power: 3, graph });
  const rest = cofactor(product, x);
  return isPolynomial(rest, (one) => constantNear(one, 1, TOLERANCE), { x, power: 2, graph });
}

function isPolynomial(
  sum: Value | undefined,
  isFirst: (term: Value) => boolean,
  { x, power, graph }: { readonly x: Value; readonly power: number; readonly graph: Graph },
): boolean {
  const add = producerOf(sum, "Add");
  return (
    add !== undefined &&
    bothOrders(add).some(([first, cubic]) => {
      if (!isFirst(first)) return false;
      const { constant, factors } = productOf(cubic, graph);
      return isNear(constant, 0.044715, TOLERANCE) && factors.length === power && factors.every((factor) => factor === x);
    })
  );
}
