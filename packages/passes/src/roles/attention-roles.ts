import type { Graph, Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";
import { viewed } from "./operands.js";
import type { Roles } from "./roles.js";
import { findAbove, isLookup, isNorm, usersOf } from "./trace.js";

/** Where an attention stands. */
export interface AttentionPlace {
  readonly graph: Graph;
  readonly roles: Roles;
  /** `vision.block.3.attn`. */
  readonly prefix: string;
  /** Whether this is the next attention of its tower below a node. */
  isBefore(node: Node): boolean;
}

/** q, k, v or qkv, q_norm, k_norm, scores, softmax, context and out of one attention; what lies between them has the prefix alone. */
export function assignAttention(core: AttentionCore, { graph, roles, prefix, isBefore }: AttentionPlace): void {
  for (const [node, name] of projectionsOf(core)) roles.assignLayer(node, `${prefix}.${name}`);
  roles.assign(core.scores, `${prefix}.scores`);
  roles.assign(core.softmax, `${prefix}.softmax`);
  roles.assign(core.context, `${prefix}.context`);
  roles.assignLayer(core.out, `${prefix}.out`);
  const inside = new Set(between(graph, core, isBefore));
  const [queries, keys] = (core.scores ?? core.context).inputs;
  for (const [value, name] of [
    [queries, "q_norm"],
    [keys, "k_norm"],
  ] as const) {
    const norm = findAbove(value, isNorm, { limit: 24 });
    if (norm && inside.has(norm)) roles.assign(norm, `${prefix}.${name}`);
  }
  const shortening = shortened(core);
  roles.assign(shortening.find(isNorm), `${prefix}.k_norm`);
  roles.assignRest([...inside, ...shortening, ...chainAbove(core)], prefix);
}

/** Most operators that shorten the sequence which keys are made from. */
const MAX_SHORTENING = 12;

/** What keys go through between the activations that queries are made from and their own projection. */
function shortened({ kind, stream, k }: AttentionCore): readonly Node[] {
  if (kind !== "self" || !stream) return [];
  const origin = viewed(stream);
  const chain: Node[] = [];
  let value = k?.inputs[0];
  while (value && value !== origin && chain.length < MAX_SHORTENING) {
    if (value.producer) chain.push(value.producer);
    value = value.producer?.inputs[0];
  }
  return value === origin ? chain : [];
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

/** Nodes from the projections to the context. A table that is looked up by positions counted there belongs to the embedding. */
function between(graph: Graph, { q, k, v }: AttentionCore, isAbove: (node: Node) => boolean): readonly Node[] {
  const found = new Set<Node>();
  const queue = [q, k, v].filter((node) => node !== undefined);
  for (const node of queue) {
    for (const user of usersOf(graph, node))
      if (!found.has(user) && isAbove(user) && !isLookup(user)) {
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
