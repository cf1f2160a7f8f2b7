import type { Graph, Node } from "@vlm-export/ir";
import type { BlockSite } from "./block-roles.js";
import { assignConvolutions } from "./convolutions.js";
import { isLanguageHead } from "./language-head.js";
import type { TowerPlaces } from "./places.js";
import type { Roles } from "./roles.js";
import { isActivation, isNorm, isProjection } from "./trace.js";

/**
 * Behind the last block: the final norm, then `language.lm_head`; or what sees the whole input, a head; or what keeps a row for each part of
 * it: a projector when another tower reads it or it is one chain that gives tokens, else a head that tells something of every part.
 * Convolutions before that keep their numbers.
 */
export function assignTail(tail: readonly Node[], places: TowerPlaces, { graph, roles, pooled, convolutions }: BlockSite): void {
  const { modality } = places.tower;
  const open = tail.filter((node) => !roles.has(node));
  const projections = open.filter(isProjection);
  const firstProjection = tail.findIndex(isProjection);
  const norm = tail.slice(0, firstProjection < 0 ? undefined : firstProjection).find((node) => isNorm(node) && !roles.has(node));
  roles.assign(norm, `${modality}.norm`);
  if (modality === "language" && places.readers.size === 0 && isLanguageHead(graph, projections.at(-1)))
    return assignLanguageHead(tail, projections, roles);
  assignLayers(
    open.filter((node) => pooled.has(node)),
    "head",
    roles,
  );
  const flat = open.filter((node) => !pooled.has(node));
  const first = flat.findIndex(isProjection);
  const behind = first < 0 ? [] : flat.slice(first);
  const prefix = places.readers.size > 0 || isTokenChain(graph, behind) ? "projector" : "head";
  assignLayers(behind, prefix, roles);
  assignConvolutions(flat, convolutions, roles);
  roles.assignRest(flat, behind.length > 0 ? prefix : `${modality}.norm`);
}

function assignLayers(nodes: readonly Node[], prefix: "head" | "projector", roles: Roles): void {
  const projections = nodes.filter(isProjection);
  if (projections.length > 1 || prefix === "projector") projections.forEach((node, i) => roles.assignLayer(node, `${prefix}.fc${i + 1}`));
  if (projections.length > 1) roles.assignRest(nodes.filter(isActivation), `${prefix}.act`);
  roles.assignRest(nodes, prefix);
}

/** Whether layers follow one another up to the end and give rows of tokens, not maps. */
function isTokenChain(graph: Graph, nodes: readonly Node[]): boolean {
  const ends = nodes.filter((node) => node.outputs.some((output) => output && graph.outputs.includes(output)));
  return ends.length < 2 && ends.every(({ outputs }) => (outputs[0]?.type.shape?.length ?? 3) < 4);
}

function assignLanguageHead(tail: readonly Node[], projections: readonly Node[], roles: Roles): void {
  const head = projections.at(-1) as Node;
  roles.assignLayer(head, "language.lm_head");
  roles.assignRest(tail.slice(0, tail.indexOf(head)), "language.norm");
  roles.assignRest(tail, "language.lm_head");
}
