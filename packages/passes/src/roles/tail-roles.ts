import type { Graph, Node } from "@vlm-export/ir";
import type { Modality } from "./modality.js";
import type { Roles } from "./roles.js";
import { isActivation, isLookup, isNorm, isProjection } from "./trace.js";

/** Ops that leave one row of many: what follows them describes the whole input, not its tokens. */
const REDUCTIONS: ReadonlySet<string> = new Set([
  "Gather",
  "GatherND",
  "ReduceMean",
  "ReduceSum",
  "ReduceMax",
  "GlobalAveragePool",
  "GlobalMaxPool",
]);

/** Behind the last block: the final norm, then `language.lm_head`, or a projector (one row per token), or a head. */
export function assignTail(
  graph: Graph,
  tail: readonly Node[],
  { modality, roles }: { readonly modality: Modality; readonly roles: Roles },
): void {
  const projections = tail.filter((node) => isProjection(node) && !roles.has(node));
  const firstProjection = tail.findIndex(isProjection);
  const norm = tail.slice(0, firstProjection < 0 ? undefined : firstProjection).find((node) => isNorm(node) && !roles.has(node));
  roles.assign(norm, `${modality}.norm`);
  if (modality === "language" && isLanguageHead(graph, projections.at(-1))) return assignLanguageHead(tail, projections, roles);
  const isProjector = projections.length > 0 && !tail.some(({ op }) => REDUCTIONS.has(op));
  const prefix = isProjector ? "projector" : "head";
  if (projections.length > 1 || isProjector) projections.forEach((node, i) => roles.assignLayer(node, `${prefix}.fc${i + 1}`));
  if (projections.length > 1) roles.assignRest(tail.filter(isActivation), `${prefix}.act`);
  roles.assignRest(tail, projections.length === 0 ? `${modality}.norm` : prefix);
}

function assignLanguageHead(tail: readonly Node[], projections: readonly Node[], roles: Roles): void {
  const head = projections.at(-1) as Node;
  roles.assignLayer(head, "language.lm_head");
  roles.assignRest(tail.slice(0, tail.indexOf(head)), "language.norm");
  roles.assignRest(tail, "language.lm_head");
}

/** Scores for every token of the vocabulary: as many as the table of embeddings has rows, or one row per position. */
function isLanguageHead(graph: Graph, projection: Node | undefined): boolean {
  const type = projection?.outputs[0]?.type;
  const rows = graph.nodes.find(isLookup)?.inputs[0]?.type.shape?.[0];
  return projection !== undefined && (type?.shape === undefined || type.shape.length > 2 || type.shape.at(-1) === rows);
}
