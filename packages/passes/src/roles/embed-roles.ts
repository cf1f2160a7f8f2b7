import type { Node } from "@vlm-export/ir";
import { isClosed, perceptronsOf } from "./mlp-roles.js";
import type { NetworkSite } from "./network-roles.js";
import { isPooling, type Tower } from "./towers.js";
import { isActivation, isConvolution, isProjection } from "./trace.js";

/**
 * Before the first block. A vision tower that gets its picture cut into patches has a projection in place of the convolution. Projections
 * of what is not of the tower's modality bring it there: a projector, whether the tower that gives it is in the graph or not.
 */
export function assignEmbedding(nodes: readonly Node[], tower: Tower, site: NetworkSite): void {
  const { roles, streams, modality } = site;
  if (isPooling(tower)) return roles.assignRest(nodes, "head");
  const isForeign = (node: Node): boolean => streams.at(node).size > 0 && modality(streams.at(node)) !== tower.modality;
  assignProjector(nodes.filter(isForeign), site);
  const own = nodes.filter((node) => !isForeign(node));
  if (tower.modality === "vision" && !own.some(isConvolution)) roles.assignLayer(own.find(isProjection), "vision.patch_embed");
  roles.assignRest(own.filter(isOther), `${tower.modality}.embed`);
}

/** From the first projection on that is not part of a block. */
function assignProjector(nodes: readonly Node[], { graph, roles, streams, modality }: NetworkSite): void {
  const inBlocks = new Set(
    perceptronsOf(graph, nodes)
      .filter((perceptron) => isClosed(graph, perceptron))
      .flatMap((perceptron) => perceptron.map(([node]) => node)),
  );
  const projections = nodes.filter((node) => isProjection(node) && !inBlocks.has(node));
  projections.forEach((node, i) => roles.assignLayer(node, `projector.fc${i + 1}`));
  const behind = projections[0] ? nodes.slice(nodes.indexOf(projections[0])) : [];
  roles.assignRest(behind.filter(isActivation), "projector.act");
  roles.assignRest(behind.filter(isOther), "projector");
  for (const node of nodes.filter(isOther)) roles.assign(node, `${modality(streams.at(node))}.embed`);
}

function isOther(node: Node): boolean {
  return !isConvolution(node);
}
