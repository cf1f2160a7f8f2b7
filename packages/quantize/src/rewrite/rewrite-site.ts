import type { Diagnostic, Graph, GraphCopy, GraphEditor, Node, TensorData, TensorType, Value } from "@vlm-export/ir";
import type { Edge, WeightPlan } from "@vlm-export/recipe";
import type { Kernels } from "@vlm-export/numerics";

/** The copy that is being rewritten, and where the plan's values and nodes went in it. */
export interface RewriteSite {
  readonly edit: GraphEditor;
  readonly copy: GraphCopy;
  readonly kernels: Kernels;
  /** Quantized form of each planned weight, once it is there. */
  readonly weights: Map<WeightPlan, Value>;
  report(diagnostic: Diagnostic): void;
}

/** The copy's twin of a planned value. */
export function twinOf(site: RewriteSite, value: Value): Value {
  return site.copy.values.get(value) ?? value;
}

/** The copy's twin of a planned node. */
export function nodeTwin(site: RewriteSite, node: Node): Node {
  return site.copy.nodes.get(node) ?? node;
}

/** Makes the edges read `value`. */
export function rewire(site: RewriteSite, edges: readonly Edge[], value: Value): void {
  for (const { node, index } of edges) {
    if (node) site.edit.replaceInput(nodeTwin(site, node), index, value);
    else site.edit.setOutput(index, value);
  }
}

/**
 * Puts a quantized form of a constant into the graph: in place when every reader is among `edges`, else as a further constant
 * that only `edges` read. Returns the value that holds it.
 */
export function placeConstant(
  site: RewriteSite,
  original: Value,
  edges: readonly Edge[],
  form: { readonly data: TensorData; readonly type: TensorType },
): Value {
  const { edit } = site;
  const constant = twinOf(site, original);
  if (readCount(edit.graph, constant) === edges.length && !constant.type.quant) {
    edit.setData(constant, form.data, form.type);
    return constant;
  }
  const added = edit.addConstant(edit.freshName(`${constant.name}_${form.data.dtype}`), form.data, form.type, constant.role);
  rewire(site, edges, added);
  return added;
}

function readCount(graph: Graph, value: Value): number {
  const operands = graph
    .users(value)
    .reduce(
      (count, node) =>
        count +
        node.inputs.filter((input) => input === value).length +
        [...node.captures.values()].filter((captured) => captured === value).length,
      0,
    );
  return operands + graph.outputs.filter((output) => output === value).length;
}
