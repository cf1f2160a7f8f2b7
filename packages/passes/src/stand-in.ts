import type { Attrs, DType, GraphEditor, Node, OpName, Value } from "@vlm-export/ir";
import { i64Tensor, isFloat } from "@vlm-export/ir";
import { tensorOf } from "@vlm-export/ops";

/** Writes the nodes that take another node's place: they have its origin and role, the last its outputs' types. */
export interface StandIn {
  /** Inserts a node with one output. */
  op(name: OpName, inputs: readonly (Value | null)[], attrs?: Attrs): Value;
  /** Inserts a Split along the last axis. */
  split(x: Value, sizes: readonly number[]): readonly Value[];
  /** A constant of one element. */
  scalar(value: number, dtype: DType): Value;
  ints(...values: readonly number[]): Value;
  /** Every reader of the node's output reads `value`, which is quantized as the output was, and then has its name: artifacts find it by that. */
  replace(output: Value | null | undefined, value: Value): void;
}

export function standIn(edit: GraphEditor, node: Node): StandIn {
  const options = { origin: node.origin, ...(node.role !== undefined && { role: node.role }) };
  const constantName = (): string => edit.freshName(`${node.name}_const`);
  const ints = (...values: readonly number[]): Value => edit.addConstant(constantName(), i64Tensor(values));
  return {
    op: (name, inputs, attrs = {}) => edit.insert(name, inputs, attrs, options)[0] as Value,
    split(x, sizes) {
      const outputs = sizes.map((_, i) => edit.freshName(`${node.name}_part_${i}`));
      return edit.insert("Split", [x, ints(...sizes)], { axis: -1 }, { ...options, outputs });
    },
    scalar: (value, dtype) => edit.addConstant(constantName(), tensorOf(dtype, [], [value])),
    ints,
    replace(output, value) {
      if (!output) return;
      const { quant } = output.type;
      const isShared = node.inputs.includes(value) || edit.graph.users(value).length > 0;
      const target = quant && isShared ? (edit.insert("Identity", [value], {}, options)[0] as Value) : value;
      if (quant) edit.retype(target, { ...target.type, quant });
      const { name } = output;
      edit.replaceAllUses(output, target);
      if (!quant || target.name === name) return;
      edit.rename(output, edit.freshName(`${name}_replaced`));
      edit.rename(target, name);
    },
  };
}

/** Runs `expand` on every node of that operator whose first operand is known to be real; it answers false for a form that it leaves. */
export function expandAll(
  edit: GraphEditor,
  op: OpName,
  expand: (edit: GraphEditor, node: Node) => boolean,
): { readonly modified: boolean } {
  const expanded = edit.graph.nodes.filter(
    (node) => node.op === op && isFloat(node.inputs[0]?.type.dtype ?? "unknown") && expand(edit, node),
  );
  for (const node of expanded) edit.erase(node);
  return { modified: expanded.length > 0 };
}
