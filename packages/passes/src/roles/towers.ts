import type { Graph, Node } from "@vlm-export/ir";
import type { AttentionCore } from "./attention-cores.js";
import type { Modality, ModalityOf } from "./modality.js";
import { neighboursOf } from "./neighbours.js";
import type { Streams } from "./streams.js";

/** Attentions, each of which reads queries from what came out of the one before it, on one kind of data. */
export interface Tower {
  readonly modality: Modality;
  readonly cores: readonly AttentionCore[];
}

/**
 * Follows the queries: an attention belongs to the tower that its queries come from, as long as the same kind of data reaches them; ids
 * that join what a vision tower gives begin a language tower. Keys and values of another sequence do not count, so that encoder and
 * decoder are two. In the order of their first attentions.
 */
export function towersOf(graph: Graph, cores: readonly AttentionCore[], { streams, modality }: TowerSite): readonly Tower[] {
  const towers: { readonly modality: Modality; readonly cores: AttentionCore[] }[] = [];
  const owner = new Map<Node, number>();
  const { latest } = neighboursOf(graph, new Map(cores.map(({ context }, i) => [context, i])));
  for (const core of cores) {
    const inputs = streams.of(core.stream);
    const own = modality(inputs.size > 0 ? inputs : streams.at(core.context));
    const before = core.stream?.producer && latest(core.stream.producer);
    const known = before === undefined ? undefined : owner.get((cores[before] as AttentionCore).context);
    const continued = known !== undefined && towers[known]?.modality === own ? known : towers.push({ modality: own, cores: [] }) - 1;
    towers[continued]?.cores.push(core);
    owner.set(core.context, continued);
  }
  return towers;
}

export interface TowerSite {
  readonly streams: Streams;
  readonly modality: ModalityOf;
}

/** True for one attention with learned queries: it makes few rows of many. */
export function isPooling({ cores }: Tower): boolean {
  return cores.length === 1 && cores[0]?.kind === "learned";
}
