import type { Node, Pass, Value } from "@vlm-export/ir";

/** Concat leaves out operands without elements: what a rotary embedding over whole heads keeps as it is, say. */
export const removeEmptyParts: Pass = {
  name: "normalize/remove-empty-parts",

  run(edit) {
    let modified = false;
    for (const node of edit.graph.nodes) {
      const parts = partsOf(node);
      const [output] = node.outputs;
      if (!parts || !output) continue;
      const { origin, role } = node;
      const [joined] = edit.insert("Concat", parts, node.attrs, { origin, ...(role !== undefined && { role }) });
      edit.replaceAllUses(output, joined as Value);
      modified = true;
    }
    return { modified };
  },
};

/** The operands that have elements, when some have none and some do. */
function partsOf({ op, inputs, attrs }: Node): readonly Value[] | undefined {
  const axis = attrs["axis"];
  if (op !== "Concat" || typeof axis !== "number") return undefined;
  const parts = inputs.filter((value) => value !== null);
  const full = parts.filter(({ type }) => type.shape?.at(axis) !== 0);
  return full.length > 0 && full.length < parts.length ? full : undefined;
}
