import { elementCount, type Graph, type GraphEditor, type Node, type Value } from "@vlm-export/ir";
import { tensorOf } from "@vlm-export/ops";
import { constantShaped } from "./float-constant.js";
import { castChain, keepsRank, otherInput, soleUser, trailingShape } from "./match.js";
import type { NormCore } from "./norm-match.js";

/**
 * Replaces the normalization that ends with `node`, and the constant gain and shift that follow, by one node `op`. The shift is taken
 * only by LayerNormalization. False when the normalized extents are not known, or no operand has the result's rank and element type.
 */
export function fuseNorm(edit: GraphEditor, op: NormOp, node: Node, core: NormCore): boolean {
  const normalized = castBack(node.outputs[0] as Value, core, edit.graph);
  const x = castChain(core.x).find(({ type }) => type.dtype === normalized.type.dtype && COMPUTED.has(type.dtype));
  const shape = trailingShape(core.x, core.axis);
  if (!x || !shape || !keepsRank(core.x, normalized)) return false;
  const gain = operandOf(edit, "Mul", normalized, shape);
  const scaled = gain?.output ?? normalized;
  const shift = op === "LayerNormalization" ? operandOf(edit, "Add", scaled, shape) : undefined;
  const operands = [x, gain?.operand ?? ones(edit, x, shape), ...(shift ? [shift.operand] : [])];
  const [fused] = edit.insert(op, operands, { axis: -shape.length, epsilon: core.epsilon });
  edit.replaceAllUses(shift?.output ?? scaled, fused as Value);
  return true;
}

/** Element types whose norms the operators compute in f32, as the patterns do. */
const COMPUTED: ReadonlySet<string> = new Set(["f32", "f16", "bf16"]);

type NormOp = "LayerNormalization" | "RMSNormalization";

/** The norm's result after the Cast that leads back to the element type that x had before it was cast. */
function castBack(normalized: Value, { x }: NormCore, graph: Graph): Value {
  const user = soleUser(normalized, graph);
  const [output] = user?.outputs ?? [];
  const leadsBack = user?.op === "Cast" && output && castChain(x).some(({ type }) => type.dtype === output.type.dtype);
  return leadsBack ? output : normalized;
}

/** The constant that the only reader of `value`, an `op`, combines it with, in exactly the normalized shape. */
function operandOf(
  edit: GraphEditor,
  op: "Mul" | "Add",
  value: Value,
  shape: readonly number[],
): { readonly operand: Value; readonly output: Value } | undefined {
  const user = soleUser(value, edit.graph);
  const [output] = user?.outputs ?? [];
  const operand = user?.op === op ? otherInput(user, value) : undefined;
  const data = constantShaped(operand, shape);
  if (!operand || !data || !output || output.type.shape?.length !== value.type.shape?.length) return undefined;
  return { operand: data === operand.data ? operand : edit.addConstant(edit.freshName(`${operand.name}_flat`), data), output };
}

function ones(edit: GraphEditor, x: Value, shape: readonly number[]): Value {
  const data = tensorOf(x.type.dtype, shape, new Float32Array(elementCount(shape)).fill(1));
  return edit.addConstant(edit.freshName(`${x.name}_ones`), data);
}
