import {
  type Graph,
  GraphEditor,
  type GraphPlace,
  type GraphTree,
  graphTree,
  type Node,
  type Pass,
  type Value,
  VxError,
} from "@vlm-export/ir";
import { tagRoles } from "./tag-roles.js";

/**
 * Gives nodes and weights inside operators the roles that they would have in a graph of their own: what such a graph takes from outside
 * are inputs of it, and constants where they are constants. A weight that has a role outside keeps that.
 */
export const tagNestedRoles: Pass = {
  name: "normalize/tag-nested-roles",

  run(edit, context) {
    const tree = graphTree(edit.graph);
    for (const place of tree.places) {
      if (!place.holder) continue;
      const alone = aloneOf(place, tree, edit);
      if (!alone) continue;
      tagRoles.run(alone, context);
      takeRoles(alone.graph, place, { tree, edit });
    }
    return { modified: false };
  },
};

/** The graph as one that needs nothing from outside; undefined where it cannot be typed: a branch that never runs may not fit. */
function aloneOf({ graph }: GraphPlace, tree: GraphTree, { ops, graph: { name } }: GraphEditor): GraphEditor | undefined {
  const alone = new GraphEditor(ops, name);
  const twins = new Map<Value, Value>();
  for (const capture of graph.captures) {
    const source = tree.sourceOf(capture);
    const { data, type } = source;
    twins.set(capture, data ? alone.addConstant(capture.name, data, type, source.role) : alone.addInput(capture.name, type));
  }
  for (const input of graph.inputs) twins.set(input, alone.addInput(input.name, input.type));
  for (const { name: own, data, type, role } of graph.constants)
    if (data) twins.set(graph.value(own) as Value, alone.addConstant(own, data, type, role));
  try {
    for (const node of graph.nodes) addTwin(node, twins, alone);
  } catch (error) {
    if (error instanceof VxError) return undefined;
    throw error;
  }
  for (const output of graph.outputs) alone.addOutput(twins.get(output) as Value);
  return alone;
}

function addTwin(node: Node, twins: Map<Value, Value>, alone: GraphEditor): void {
  const inputs = node.inputs.map((value) => value && (twins.get(value) as Value));
  const captures = new Map([...node.captures].map(([name, value]) => [name, twins.get(value) as Value]));
  const outputs = node.outputs.map((value) => value && value.name);
  const types = node.outputs.map((value) => value?.type);
  const made = alone.insert(node.op, inputs, node.attrs, { name: node.name, outputs, types, origin: node.origin, captures });
  const live = node.outputs.filter((value) => value !== null);
  live.forEach((value, i) => twins.set(value, made[i] as Value));
}

interface Originals {
  readonly tree: GraphTree;
  readonly edit: GraphEditor;
}

function takeRoles(alone: Graph, { graph }: GraphPlace, { tree, edit }: Originals): void {
  const twins = alone.nodes;
  graph.nodes.forEach((node, i) => {
    const role = twins[i]?.role;
    if (role !== undefined) edit.setRole(node, role);
  });
  for (const { name, role } of alone.constants) {
    const value = tree.sourceOf(graph.value(name) as Value);
    if (role !== undefined && value.role === undefined) edit.setRole(value, role);
  }
}
