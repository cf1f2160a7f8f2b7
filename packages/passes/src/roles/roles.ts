import type { Graph, Node } from "@vlm-export/ir";

/** Role paths by node. */
export interface Roles {
  /** Gives a node its role; the first one stays. */
  assign(node: Node | undefined, role: string): void;
  /** Like {@link assign}, and to the Add of its bias. */
  assignLayer(node: Node | undefined, role: string): void;
  /** All nodes that have no role yet. */
  assignRest(nodes: readonly Node[], role: string): void;
  has(node: Node): boolean;
  readonly all: ReadonlyMap<Node, string>;
}

export function emptyRoles(graph: Graph): Roles {
  const all = new Map<Node, string>();
  const assign: Roles["assign"] = (node, role) => {
    if (node && !all.has(node)) all.set(node, role);
  };
  return {
    all,
    assign,
    assignLayer(node, role) {
      assign(node, role);
      assign(node && biasAdd(graph, node), role);
    },
    assignRest: (nodes, role) => nodes.forEach((node) => assign(node, role)),
    has: (node) => all.has(node),
  };
}

/** The Add of a constant that alone reads a layer's result. */
function biasAdd(graph: Graph, node: Node): Node | undefined {
  const [output] = node.outputs;
  const [user, ...others] = output ? graph.users(output) : [];
  return user?.op === "Add" && others.length === 0 && user.inputs.some((input) => input?.data) ? user : undefined;
}
