import type { Graph, Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";
import type { Roles } from "./roles.js";
import { findAbove, isNorm } from "./trace.js";

/** Where an attention stands. */
export interface AttentionPlace {
  readonly graph: Graph;
  readonly roles: Roles;
  /** `vision.block.3.attn`. */
  readonly prefix: string;
  /** Number of the attention, and of the first attention below each node. */
  readonly number: number;
  readonly reach: ReadonlyMap<Node, number>;
}

/** q, k, v or qkv, q_norm, k_norm, scores, softmax, context and out of one attention; what lies between them has the prefix alone. */
export function assignAttention(core: AttentionCore, { graph, roles, prefix, number, reach }: AttentionPlace): void {
  for (const [node, name] of projectionsOf(core)) roles.assignLayer(node, `${prefix}.${name}`);
  roles.assign(core.scores, `${prefix}.scores`);
  roles.assign(core.softmax, `${prefix}.softmax`);
  roles.assign(core.context, `${prefix}.context`);
  roles.assignLayer(core.out, `${prefix}.out`);
  const inside = new Set(between(graph, core, (node) => reach.get(node) === number));
  const [queries, keys] = (core.scores ?? core.context).inputs;
  for (const [value, name] of [
    [queries, "q_norm"],
    [keys, "k_norm"],
  ] as const) {
    const norm = findAbove(value, isNorm, 24);
    if (norm && inside.has(norm)) roles.assign(norm, `${prefix}.${name}`);
  }
  roles.assignRest([...inside, ...chainAbove(core)], prefix);
}

function projectionsOf({ q, k, v }: AttentionCore): readonly (readonly [Node | undefined, string])[] {
  if (q && q === k && q === v) return [[q, "qkv"]];
  if (k && k === v)
    return [
      [q, "q"],
      [k, "kv"],
    ];
  return [
    [q, "q"],
    [k, "k"],
    [v, "v"],
  ];
}

/** Nodes from the projections to the context. */
function between(graph: Graph, { q, k, v }: AttentionCore, isAbove: (node: Node) => boolean): readonly Node[] {
  const found = new Set<Node>();
  const queue = [q, k, v].filter((node) => node !== undefined);
  for (const node of queue) {
    const users = node.outputs.flatMap((output) => (output ? graph.users(output) : []));
    for (const user of users)
      if (!found.has(user) && isAbove(user)) {
        found.add(user);
        queue.push(user);
      }
  }
  return [...found];
}

/** Nodes from the context to the layer behind it. */
function chainAbove({ out, context }: AttentionCore): readonly Node[] {
  const chain: Node[] = [];
  for (let node = out?.inputs[0]?.producer; node && node !== context && chain.length < 8; node = node.inputs[0]?.producer) chain.push(node);
  return chain;
}
