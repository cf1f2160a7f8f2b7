import type { Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";
import { assignAttention } from "./attention-roles.js";
import { assignConvolutions } from "./convolutions.js";
import { assignEmbedding } from "./embed-roles.js";
import { assignPerceptron, insideOf, isClosed, isResidual, type Perceptron, perceptronEnd, perceptronOf } from "./mlp-roles.js";
import type { Modality } from "./modality.js";
import type { NetworkSite } from "./network-roles.js";
import { viewed } from "./operands.js";
import type { TowerPlaces } from "./places.js";
import { assignTail } from "./tail-roles.js";
import { isPooling } from "./towers.js";
import { isConvolution, isNorm, isProjection } from "./trace.js";

export interface BlockSite extends NetworkSite {
  /** Names of the convolutions that are part of nothing else. */
  readonly convolutions: ReadonlyMap<Node, string>;
}

/** All towers: attentions first, since one may read what comes behind another. */
export function assignTowers(towers: readonly TowerPlaces[], site: BlockSite): void {
  const counts = new Map<Modality, number>();
  const named = towers.map((places) => ({ places, stretches: stretchesOf(places), prefixes: prefixesOf(places, counts) }));
  for (const { places, prefixes } of named) assignAttentions(places, prefixes, site);
  for (const each of named) assignBlocks(each, site);
  for (const { embed, tower } of towers) assignEmbedding(embed, tower, site);
}

function assignAttentions({ tower, next }: TowerPlaces, prefixes: readonly string[], { graph, roles }: BlockSite): void {
  tower.cores.forEach((core, number) => {
    const name = core.kind === "self" || isPooling(tower) ? "attn" : "cross_attn";
    assignAttention(core, { graph, roles, prefix: `${prefixes[number]}.${name}`, isBefore: (node) => next(node) === number });
  });
}

interface NamedTower {
  readonly places: TowerPlaces;
  readonly stretches: readonly (readonly Node[])[];
  /** Of the block of each attention. */
  readonly prefixes: readonly string[];
}

/** What comes between the attentions of one tower, each of which has a perceptron behind it, and behind the last. */
function assignBlocks({ places, stretches, prefixes }: NamedTower, site: BlockSite): void {
  const { roles } = site;
  const before = places.tower.cores.map(normBefore);
  const numberNorm = normNumbers(site);
  stretches.forEach((nodes, number) => {
    const prefix = prefixes[number] as string;
    numberNorm(before[number], prefix);
    const own = nodes.filter((node) => !roles.has(node) && !before.includes(node));
    const isLast = number === stretches.length - 1;
    const perceptron = blockPerceptron(own, isLast, site);
    const end = isLast ? perceptronEnd(perceptron, own) : own.length;
    for (const norm of own.slice(0, end).filter(isNorm)) numberNorm(norm, prefix);
    assignStretch(own.slice(0, end), { prefix, perceptron, ...site });
    if (isLast) assignTail(own.slice(end), places, site);
  });
}

/** The stretches without the layers of the attentions. */
function stretchesOf({ tower, stretches }: TowerPlaces): readonly (readonly Node[])[] {
  const attentions = new Set(tower.cores.flatMap(({ q, k, v, out }) => [q, k, v, out]));
  return stretches.map((nodes) => nodes.filter((node) => !attentions.has(node)));
}

/** Gives the norms of each block numbers, in the order of the calls: norm1 comes before the attention. */
function normNumbers({ roles }: BlockSite): (norm: Node | undefined, prefix: string) => void {
  const counts = new Map<string, number>();
  return (norm, prefix) => {
    if (!norm || roles.has(norm)) return;
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    roles.assign(norm, `${prefix}.norm${count}`);
  };
}

/**
 * `vision.block.0`, …, numbered on over the towers of a modality; for an attention that pools `projector` when another tower reads it, else
 * `head`. A cross attention belongs to the block of the self attention before it when no perceptron comes between.
 */
function prefixesOf(places: TowerPlaces, counts: Map<Modality, number>): readonly string[] {
  const { modality, cores } = places.tower;
  if (isPooling(places.tower)) return [places.readers.size > 0 ? "projector" : "head"];
  const stretches = stretchesOf(places);
  let count = counts.get(modality) ?? 0;
  const names = cores.map((core, i) => {
    const joins = core.kind !== "self" && cores[i - 1]?.kind === "self" && !stretches[i - 1]?.some(isProjection);
    if (!joins) count += 1;
    return `${modality}.block.${count - 1}`;
  });
  counts.set(modality, count);
  return names;
}

/** The norm whose result the queries are projected from. */
function normBefore({ stream }: AttentionCore): Node | undefined {
  const producer = stream && viewed(stream).producer;
  return producer && isNorm(producer) ? producer : undefined;
}

/** Behind the last attention it is told from a projector or a head by the sum that it ends in. */
function blockPerceptron(nodes: readonly Node[], isLast: boolean, { graph, pooled }: BlockSite): Perceptron {
  const found = perceptronOf(
    graph,
    nodes.filter((node) => !pooled.has(node)),
  );
  return !isLast || isClosed(graph, found) ? found : [];
}

interface Stretch extends BlockSite {
  readonly prefix: string;
  readonly perceptron: Perceptron;
}

/** What lies between one attention and the next: residual sums, norms, the perceptron; convolutions and projections beside it. */
function assignStretch(nodes: readonly Node[], { roles, prefix, perceptron, convolutions }: Stretch): void {
  assignPerceptron(roles, perceptron, nodes, `${prefix}.mlp`);
  const firstSum = nodes.find((node) => isResidual(node));
  const first = perceptron[0]?.[0];
  if (firstSum && first && nodes.indexOf(firstSum) < nodes.indexOf(first)) roles.assign(firstSum, `${prefix}.attn.residual`);
  roles.assignRest(nodes.filter(isResidual), `${prefix}.mlp.residual`);
  roles.assignRest(insideOf(perceptron, nodes), `${prefix}.mlp`);
  const others = nodes.filter((node) => isProjection(node) && !roles.has(node));
  others.forEach((node, i) => roles.assignLayer(node, `${prefix}.${first ? "" : "mlp."}proj${i + 1}`));
  assignConvolutions(
    nodes.filter((node) => !roles.has(node) || isConvolution(node)),
    convolutions,
    roles,
  );
  roles.assignRest(nodes, `${prefix}.mlp`);
}
