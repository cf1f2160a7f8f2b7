import type { Graph, Node, Pass, Value } from "@vlm-export/ir";
import { bothOrders, constantNear, isNear, keepsRank, producerOf, scalarOf } from "./match.js";
import { cofactor, multipleOf, productOf } from "./product.js";

/**
 * 0.5·x·(1 + erf(x/√2)) → Gelu; 0.5·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) → Gelu approximate="tanh" (Hendrycks & Gimpel,
 * arXiv 1606.08415). Any order of factors, the half outside or inside the sum.
 */
export const fuseGelu: Pass = {
  name: "normalize/fuse-gelu",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const match = matchGelu(node, edit.graph);
      const [output] = node.outputs;
      if (!match || !output) continue;
      const [fused] = edit.insert("Gelu", [match.x], { approximate: match.approximate });
      edit.replaceAllUses(output, fused as Value);
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
  if (product.factors.length !== 2) return undefined;
  for (const x of product.factors) {
    const gate = producerOf(cofactor(product, x), "Add");
    const approximate = gate && gateOf(gate, { x, half: product.constant, graph });
    if (approximate && keepsRank(x, output)) return { x, approximate };
  }
  return undefined;
}

interface Gate {
  readonly x: Value;
  /** What the gate is multiplied with. */
  readonly half: number;
  readonly graph: Graph;
}

/** Which gate c + c · f(x) is, where half · c = 0.5. */
function gateOf(add: Node, { x, half, graph }: Gate): GeluMatch["approximate"] | undefined {
  for (const [curve, constant] of bothOrders(add)) {
    const one = scalarOf(constant) ?? 0;
    const { constant: factor, factors } = productOf(curve, graph);
    const [f, ...others] = factors;
    if (f && others.length === 0 && isNear(one * half, 0.5, x) && isNear(factor, one, x)) return curveOf(f, x, graph);
  }
  return undefined;
}

function curveOf(f: Value, x: Value, graph: Graph): GeluMatch["approximate"] | undefined {
  const erf = producerOf(f, "Erf")?.inputs[0];
  if (erf && isNear(multipleOf(erf, x, graph) ?? 0, Math.SQRT1_2, x)) return "none";
  const tanh = producerOf(f, "Tanh")?.inputs[0];
  return tanh && isTanhArgument(tanh, x, graph) ? "tanh" : undefined;
}

/** √(2/π) · (x + 0.044715·x³), with the cube written in any way, or x·(1 + 0.044715·x²). */
function isTanhArgument(value: Value, x: Value, graph: Graph): boolean {
  const product = productOf(value, graph);
  if (!isNear(product.constant, Math.sqrt(2 / Math.PI), x)) return false;
  if (product.factors.length === 1) return isPolynomial(product.factors[0], (first) => first === x, { x, power: 3, graph });
  return isPolynomial(cofactor(product, x), (first) => constantNear(first, 1), { x, power: 2, graph });
}

/** first + 0.044715 · x^power. */
function isPolynomial(
  sum: Value | undefined,
  isFirst: (term: Value) => boolean,
  { x, power, graph }: { readonly x: Value; readonly power: number; readonly graph: Graph },
): boolean {
  const add = producerOf(sum, "Add");
  return (
    add !== undefined &&
    bothOrders(add).some(([first, last]) => {
      if (!isFirst(first)) return false;
      const { constant, factors } = productOf(last, graph);
      return isNear(constant, 0.044715, x) && factors.length === power && factors.every((factor) => factor === x);
    })
  );
}
