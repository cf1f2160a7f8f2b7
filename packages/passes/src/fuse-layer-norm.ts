import { elementCount, f32Tensor, type Graph, type GraphEditor, type Node, type Pass, type Value } from "@vlm-export/ir";
import { bothOrders, producerOf, scalarOf, soleUser } from "./match.js";
import { squareOf, trailingAxis } from "./norm-match.js";

/** (x − mean(x)) / √(mean((x − mean(x))²) + ε) · γ + β over trailing axes → LayerNormalization (arXiv 1607.06450). γ and β optional. */
export const fuseLayerNorm: Pass = {
  name: "normalize/fuse-layer-norm",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const core = edit.isLive(node) ? matchCore(node) : undefined;
      if (!core) continue;
      modified = fuse(edit, node, core) || modified;
    }
    return { modified };
  },
};

interface Core {
  readonly x: Value;
  readonly axis: number;
  readonly epsilon: number;
}

/** Matches the division (or the product with a reciprocal) that ends the part without γ and β. */
function matchCore(node: Node): Core | undefined {
  for (const [centred, deviation] of node.op === "Div"
    ? [[node.inputs[0], node.inputs[1]] as const]
    : node.op === "Mul"
      ? bothOrders(node)
      : []) {
    const sqrt = producerOf(node.op === "Div" ? deviation : producerOf(deviation, "Reciprocal")?.inputs[0], "Sqrt");
    const centring = producerOf(centred, "Sub");
    const core = sqrt && centring && coreOf(centring, sqrt);
    if (core) return core;
  }
  return undefined;
}

function coreOf(centring: Node, sqrt: Node): Core | undefined {
  const [x, mean] = centring.inputs;
  const axis = x && trailingAxis(producerOf(mean, "ReduceMean"), x);
  const sum = producerOf(sqrt.inputs[0], "Add");
  if (!x || axis === undefined || !sum) return undefined;
  for (const [variance, small] of bothOrders(sum)) {
    const epsilon = scalarOf(small);
    const squares = producerOf(variance, "ReduceMean");
    const squared = squareOf(squares?.inputs[0]);
    if (epsilon === undefined || !squared || !isCentred(squared, x) || trailingAxis(squares, squared) !== axis) continue;
    return { x, axis, epsilon };
  }
  return undefined;
}

/** x − mean(x), possibly computed a second time. */
function isCentred(value: Value, x: Value): boolean {
  const sub = producerOf(value, "Sub");
  return sub?.inputs[0] === x && producerOf(sub.inputs[1], "ReduceMean")?.inputs[0] === x;
}

function fuse(edit: GraphEditor, node: Node, { x, axis, epsilon }: Core): boolean {
  const normalized = node.outputs[0] as Value;
  const normalizedShape = x.type.shape?.slice(axis) ?? [];
  if (!normalizedShape.every((extent) => typeof extent === "number")) return false;
  const shape = normalizedShape as readonly number[];
  const gain = affineOperand(normalized, { op: "Mul", graph: edit.graph, shape });
  const scaled = gain?.output ?? normalized;
  const shift = affineOperand(scaled, { op: "Add", graph: edit.graph, shape });
  const scale =
    gain?.operand ?? edit.addConstant(edit.freshName(`${node.name}_ones`), f32Tensor(new Float32Array(elementCount(shape)).fill(1), shape));
  if (scale.type.dtype !== x.type.dtype) return false;
  const output = shift?.output ?? scaled;
  const [fused] = edit.insert("LayerNormalization", [x, scale, ...(shift ? [shift.operand] : [])], {
    axis: axis - (x.type.shape?.length ?? 0),
    epsilon,
  });
  if (fused) edit.replaceAllUses(output, fused);
  return fused !== undefined;
}

/** The constant of exactly the normalized shape that the only reader of `value` multiplies with or adds. */
function affineOperand(
  value: Value,
  { op, graph, shape }: { readonly op: "Mul" | "Add"; readonly graph: Graph; readonly shape: readonly number[] },
): { readonly operand: Value; readonly output: Value } | undefined {
  const user = soleUser(value, graph);
  const output = user?.outputs[0];
  if (user?.op !== op || !output) return undefined;
  const operand = user.inputs.find((input) => input !== value);
  const fits = operand?.data?.shape.length === shape.length && operand.data.shape.every((extent, i) => extent === shape[i]);
  return operand && fits ? { operand, output } : undefined;
}
