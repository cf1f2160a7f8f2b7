import type { Graph, Node, Value } from "@vlm-export/ir";
import { producerOf } from "../match.js";
import type { AttentionCore } from "./attention-cores.js";
import { assignAttention } from "./attention-roles.js";
import { assignPerceptron, perceptronEnd, perceptronOf } from "./mlp-roles.js";
import type { Modality } from "./modality.js";
import { reachOf } from "./reach.js";
import type { Roles } from "./roles.js";
import { assignTail } from "./tail-roles.js";
import { isNorm, isProjection } from "./trace.js";

/** A transformer: its blocks, each of attentions and a perceptron, and what comes behind them. */
export function assignTransformer(
  graph: Graph,
  cores: readonly AttentionCore[],
  { modality, roles }: { readonly modality: Modality; readonly roles: Roles },
): void {
  const reach = reachOf(graph, cores);
  const attentions = new Set(cores.flatMap(({ q, k, v, out }) => [q, k, v, out]));
  const stretches = cores.map((_, i) => graph.nodes.filter((node) => reach.get(node) === i + 1 && !attentions.has(node)));
  const prefixes = blockNames(cores, stretches, modality);
  cores.forEach((core, number) => {
    const prefix = `${prefixes[number]}.${core.kind === "cross" ? "cross_attn" : "attn"}`;
    assignAttention(core, { graph, roles, prefix, number, reach });
  });
  const before = cores.map(normBefore);
  const numberNorm = normNumbers(roles);
  stretches.forEach((nodes, number) => {
    const prefix = prefixes[number] as string;
    if (number > 0 && cores[number]?.kind === "pool") roles.assign(before[number], `${modality}.norm`);
    numberNorm(before[number], prefix);
    const own = nodes.filter((node) => !roles.has(node) && !before.includes(node));
    const isLast = number === cores.length - 1;
    const perceptron = perceptronOf(graph, own);
    const end = isLast ? perceptronEnd(perceptron, own) : own.length;
    for (const norm of own.slice(0, end).filter(isNorm)) numberNorm(norm, prefix);
    assignStretch(own.slice(0, end), { roles, prefix, perceptron });
    if (isLast) assignTail(graph, own.slice(end), { modality, roles });
  });
}

/** Gives the norms of each block numbers, in the order of the calls: norm1 comes before the attention. */
function normNumbers(roles: Roles): (norm: Node | undefined, prefix: string) => void {
  const counts = new Map<string, number>();
  return (norm, prefix) => {
    if (!norm || roles.has(norm)) return;
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    roles.assign(norm, `${prefix}.norm${count}`);
  };
}

/**
 * `vision.block.0`, …, and `head` for an attention that pools. A cross attention belongs to the block of the self attention before it
 * when no perceptron comes between.
 */
function blockNames(cores: readonly AttentionCore[], stretches: readonly (readonly Node[])[], modality: Modality): readonly string[] {
  let block = -1;
  return cores.map((core, i) => {
    if (core.kind === "pool" && i > 0) return "head";
    const joins = core.kind === "cross" && cores[i - 1]?.kind === "self" && !stretches[i - 1]?.some(isProjection);
    if (!joins) block += 1;
    return `${modality}.block.${block}`;
  });
}

/** The norm whose result the queries, or the keys, are projected from. */
function normBefore({ q, k, context }: AttentionCore): Node | undefined {
  const source = (q ?? k ?? context).inputs[0];
  const producer = producerOf(source, "Cast")?.inputs[0]?.producer ?? source?.producer;
  return producer && isNorm(producer) ? producer : undefined;
}

interface Stretch {
  readonly roles: Roles;
  readonly prefix: string;
  readonly perceptron: ReturnType<typeof perceptronOf>;
}

/** What lies between one attention and the next: residual sums, norms, the perceptron. */
function assignStretch(nodes: readonly Node[], { roles, prefix, perceptron }: Stretch): void {
  assignPerceptron(roles, perceptron, nodes, `${prefix}.mlp`);
  const firstSum = nodes.find((node) => isResidual(node));
  const first = perceptron[0]?.[0];
  if (firstSum && first && nodes.indexOf(firstSum) < nodes.indexOf(first)) roles.assign(firstSum, `${prefix}.attn.residual`);
  roles.assignRest(nodes.filter(isResidual), `${prefix}.mlp.residual`);
  nodes
    .filter((node) => isProjection(node) && !roles.has(node))
    .forEach((node, i) => roles.assignLayer(node, `${prefix}.mlp.proj${i + 1}`));
  roles.assignRest(nodes, `${prefix}.mlp`);
}

/** A sum of two activations. */
function isResidual({ op, inputs }: Node): boolean {
  return op === "Add" && inputs.every((input: Value | null) => input !== null && !input.data);
}
