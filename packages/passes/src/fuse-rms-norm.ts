import type { GraphEditor, Node, Pass, Value } from "@vlm-export/ir";
import { bothOrders, producerOf, scalarOf, soleUser } from "./match.js";
import { squareOf, trailingAxis } from "./norm-match.js";

/** x / √(mean(x²) + ε) · γ over trailing axes → RMSNormalization (arXiv 1910.07467). The γ product may follow a Cast back from f32. */
export const fuseRmsNorm: Pass = {
  name: "normalize/fuse-rms-norm",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const core = edit.isLive(node) ? matchCore(node) : undefined;
      if (core) modified = fuse(edit, node, core) || modified;
    }
    return { modified };
  },
};

interface Core {
  readonly x: Value;
  readonly axis: number;
  readonly epsilon: number;
}

function matchCore(node: Node): Core | undefined {
  if (node.op === "Div") return node.inputs[0] ? coreOf(node.inputs[0], producerOf(node.inputs[1], "Sqrt")?.inputs[0]) : undefined;
  if (node.op !== "Mul") return undefined;
  for (const [x, inverse] of bothOrders(node)) {
    const core = coreOf(x, meanUnderInverseRoot(inverse));
    if (core) return core;
  }
  return undefined;
}

/** m when `value` is 1/√m written as Reciprocal(Sqrt), Div(1, Sqrt) or Pow(m, −0.5). */
function meanUnderInverseRoot(value: Value): Value | null | undefined {
  const pow = producerOf(value, "Pow");
  if (pow) return scalarOf(pow.inputs[1]) === -0.5 ? pow.inputs[0] : undefined;
  const division = producerOf(value, "Div");
  const root = division && scalarOf(division.inputs[0]) === 1 ? division.inputs[1] : producerOf(value, "Reciprocal")?.inputs[0];
  return producerOf(root, "Sqrt")?.inputs[0];
}

function coreOf(x: Value, shifted: Value | null | undefined): Core | undefined {
  const sum = producerOf(shifted, "Add");
  for (const [mean, small] of sum ? bothOrders(sum) : []) {
    const epsilon = scalarOf(small);
    const squares = producerOf(mean, "ReduceMean");
    const squared = squares?.inputs[0];
    const axis = squared ? trailingAxis(squares, squared) : undefined;
    if (epsilon !== undefined && squareOf(squared) === x && axis !== undefined) return { x, axis, epsilon };
  }
  return undefined;
}

function fuse(edit: GraphEditor, node: Node, { x, axis, epsilon }: Core): boolean {
  const user = soleUser(node.outputs[0], edit.graph);
  const gain = user?.op === "Mul" ? user.inputs.find((input) => input !== node.outputs[0]) : undefined;
  const [output] = user?.outputs ?? [];
  const normalized = x.type.shape?.slice(axis);
  const fits = gain?.data?.shape.length === normalized?.length && gain?.data?.shape.every((extent, i) => extent === normalized?.[i]);
  if (!gain || !output || !fits || gain.type.dtype !== x.type.dtype) return false;
  const [fused] = edit.insert("RMSNormalization", [x, gain], { axis: axis - (x.type.shape?.length ?? 0), epsilon });
  if (fused) edit.replaceAllUses(output, fused);
  return fused !== undefined;
}
