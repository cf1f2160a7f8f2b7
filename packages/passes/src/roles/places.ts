import type { Graph, Node, Value } from "@vlm-export/ir";
import { type Neighbours, neighboursOf } from "./neighbours.js";
import type { Streams } from "./streams.js";
import type { Tower } from "./towers.js";

/** Where the nodes of one tower stand, all in the order of the graph. */
export interface TowerPlaces {
  readonly tower: Tower;
  /** Before the first attention. */
  readonly embed: Node[];
  /** Behind each attention and before the next; the last one is what comes behind the tower. */
  readonly stretches: readonly Node[][];
  /** Towers that read what comes behind this one. */
  readonly readers: Set<Tower>;
  /** Position of the first attention of the tower below a node. */
  next(node: Node): number | undefined;
}

export interface Places {
  readonly towers: readonly TowerPlaces[];
  /** Nodes behind several towers that belong to none of them alone. */
  readonly joined: readonly Node[];
}

interface Site {
  readonly places: TowerPlaces;
  readonly around: Neighbours;
  /** Inputs that reach the last attention. */
  readonly streams: ReadonlySet<Value>;
  /** Place of the last attention among those of all towers. */
  readonly end: number;
}

/**
 * Gives every node to one tower: between two of its attentions, before its first or behind its last. A node between two towers comes behind
 * the first as long as nothing but that tower's inputs reaches it; what joins more belongs to the embedding of the second. Nodes that no
 * tower has to do with are left out.
 */
export function placesOf(graph: Graph, towers: readonly Tower[], streams: Streams): Places {
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const sites = towers.map((tower) => siteOf(graph, tower, { streams, order }));
  const joined: Node[] = [];
  for (const node of graph.nodes) {
    const place = insideOf(sites, node) ?? behindOf(sites, node, streams.at(node)) ?? beforeOf(sites, node);
    if (place) place.push(node);
    else if (isBehindAny(sites, node)) joined.push(node);
  }
  for (const site of sites) findReaders(site, sites);
  return { towers: sites.map(({ places }) => places), joined };
}

interface Given {
  readonly streams: Streams;
  readonly order: ReadonlyMap<Node, number>;
}

function siteOf(graph: Graph, tower: Tower, { streams, order }: Given): Site {
  const around = neighboursOf(graph, new Map(tower.cores.map(({ context }, i) => [context, i])));
  const last = tower.cores.at(-1)?.context as Node;
  const stretches = tower.cores.map(() => []);
  const places = { tower, embed: [], stretches, readers: new Set<Tower>(), next: (node: Node) => around.earliest(node) };
  return { places, around, streams: streams.at(last), end: order.get(last) ?? 0 };
}

function isBehindAny(sites: readonly Site[], node: Node): boolean {
  return sites.some(({ around }) => around.latest(node) !== undefined);
}

function insideOf(sites: readonly Site[], node: Node): Node[] | undefined {
  const site = sites.find(({ around }) => around.latest(node) !== undefined && around.earliest(node) !== undefined);
  return site?.places.stretches[(site.around.earliest(node) ?? 0) - 1];
}

/** Behind the last tower above the node whose inputs are all that reaches it. What is beside a tower's only attention counts too. */
function behindOf(sites: readonly Site[], node: Node, streams: ReadonlySet<Value>): Node[] | undefined {
  const isAny = isBehindAny(sites, node);
  const isRead = sites.some(({ around }) => around.earliest(node) !== undefined);
  if (!isAny && (isRead || streams.size === 0)) return undefined;
  const fitting = sites.filter(
    (site) => (!isAny || site.around.latest(node) !== undefined) && [...streams].every((input) => site.streams.has(input)),
  );
  const last = fitting.reduce<Site | undefined>((best, site) => (best && best.end > site.end ? best : site), undefined);
  return last?.places.stretches.at(-1);
}

/** Before the first tower below the node; what is beside its first attentions is in their stretches. */
function beforeOf(sites: readonly Site[], node: Node): Node[] | undefined {
  const site = sites.find(({ around }) => around.earliest(node) !== undefined && around.latest(node) === undefined);
  const next = site?.around.earliest(node) ?? 0;
  return next > 0 && !isBehindAny(sites, node) ? site?.places.stretches[next - 1] : site?.places.embed;
}

function findReaders({ places }: Site, sites: readonly Site[]): void {
  for (const site of sites)
    if (site.places !== places && places.stretches.at(-1)?.some((node) => site.around.earliest(node) !== undefined))
      places.readers.add(site.places.tower);
}
