import {
  type Graph,
  type GraphEditor,
  isRead,
  isSubgraph,
  type Node,
  outputsOf,
  type Pass,
  type TensorType,
  type Value,
} from "@vlm-export/ir";
import { foldConstants } from "./fold-constants.js";

/**
 * If whose condition is a constant → the nodes of the branch that it takes. What becomes constant by that is folded, and so on
 * until no condition is one, so that branches inside branches are taken too.
 */
export const takeBranches: Pass = {
  name: "normalize/take-branches",

  run(edit, context) {
    let modified = false;
    for (let decided = decidedIn(edit.graph); decided.length > 0; decided = decidedIn(edit.graph)) {
      for (const { node, branch } of decided) inline(edit, node, branch);
      edit.settle();
      foldConstants.run(edit, context);
      edit.settle();
      modified = true;
    }
    return { modified };
  },
};

interface Decided {
  readonly node: Node;
  readonly branch: Graph;
}

/** Nodes whose branch is known, of those that anything reads. */
function decidedIn(graph: Graph): readonly Decided[] {
  return graph.nodes.flatMap((node) => {
    const condition = node.op === "If" && outputsOf(node).some((value) => isRead(graph, value)) ? node.inputs[0]?.data : undefined;
    const branch = condition && node.attrs[condition.bytes()[0] === 0 ? "else_branch" : "then_branch"];
    return isSubgraph(branch) ? [{ node, branch: branch.graph }] : [];
  });
}

/** Puts copies of the branch's nodes beside the node, and their results in place of its own. */
function inline(edit: GraphEditor, node: Node, branch: Graph): void {
  const outer = new Map<Value, Value>();
  const outside = (value: Value): Value => outer.get(value) as Value;
  for (const capture of branch.captures) outer.set(capture, node.captures.get(capture.name) as Value);
  for (const constant of branch.constants) {
    const { data, name, type, role } = constant;
    if (data) outer.set(constant, edit.addConstant(edit.freshName(name), data, type, role));
  }
  for (const inner of branch.nodes) {
    const results = edit.insert(
      inner.op,
      inner.inputs.map((value) => value && outside(value)),
      inner.attrs,
      {
        name: inner.name,
        outputs: inner.outputs.map((value) => value && edit.freshName(value.name)),
        types: inner.outputs.map((value) => value?.type && named(value.type)),
        origin: [...node.origin, ...inner.origin],
        captures: new Map([...inner.captures].map(([name, value]) => [name, outside(value)])),
      },
    );
    inner.outputs.filter((value) => value !== null).forEach((value, i) => outer.set(value, results[i] as Value));
  }
  for (const [i, result] of node.outputs.entries()) if (result) edit.replaceAllUses(result, outside(branch.outputs[i] as Value));
}

/** The type without a shape that has symbols of the nested graph's own: the same text is another extent outside. */
function named(type: TensorType): TensorType {
  const isOwn = type.shape?.some((extent) => typeof extent === "string" && extent.startsWith("?"));
  return isOwn ? { ...type, shape: undefined } : type;
}
