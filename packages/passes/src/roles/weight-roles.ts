import { elementCount, type Graph, type GraphEditor, isFloat, type Node, type Value } from "@vlm-export/ir";
import type { Roles } from "./roles.js";

/** Every constant of more than one real number: the role of its first reader, and `weight` or `bias`. */
export function tagWeights(edit: GraphEditor, roles: Roles): void {
  for (const constant of edit.graph.constants) {
    const [reader, value] = readerOf(edit.graph, constant);
    const role = reader && roles.all.get(reader);
    if (role && isFloat(constant.type.dtype) && elementCount(constant.data?.shape ?? []) > 1)
      edit.setRole(constant, `${role}.${isBias(reader, value) ? "bias" : "weight"}`);
  }
}

const VIEWS: ReadonlySet<string> = new Set(["Transpose", "Cast"]);

/** The first reader that is no graph inside an operator, and what it reads: the constant, or a view of it. */
function readerOf(graph: Graph, constant: Value): readonly [Node | undefined, Value] {
  let read = constant;
  for (;;) {
    const reader = graph.users(read).find(({ inputs }) => inputs.includes(read));
    const [view] = reader?.outputs ?? [];
    if (!reader || !view || !VIEWS.has(reader.op)) return [reader, read];
    read = view;
  }
}

/** Added, or in the place of a bias: third operand of layers and norms. */
function isBias(reader: Node, value: Value): boolean {
  return reader.op === "Add" || reader.inputs.indexOf(value) === 2;
}
